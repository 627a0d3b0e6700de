import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type NatsServer, startNatsServer } from '../../../../test/support/nats.ts'
import { headersOf, textBefore } from './header-values.ts'

let server: NatsServer
let connection: NatsConnection

beforeAll(async () => {
  server = await startNatsServer()
  connection = await connect({ servers: server.url })
})

afterAll(async () => {
  await connection.close()
  await server.stop()
})

// The larger one doesn't come in one piece, and the client puts it together in another buffer.
test.each([
  ['small', 10],
  ['large', 900_000],
])(
  'what stands before the data of a %s message of this client are its headers',
  async (_, size) => {
    const message = await sent(size)
    expect(message.data).toHaveLength(size)
    expect(textBefore(message, message.data, 'here'.length)).toBe(
      'NATS/1.0\r\nA: one\r\nA: två\r\nB: x\r\n\r\n',
    )
  },
)

test('headers are found by name, first and last, as the client finds them', async () => {
  const message = await sent(1)
  const ours = headersOf(message, message.data, 'here'.length)
  expect(ours?.isOfMessage).toBe(true)
  for (const name of ['A', 'B', 'a', 'C', ''])
    expect([ours?.get(name), ours?.last(name)]).toEqual([
      message.headers?.get(name),
      message.headers?.last(name),
    ])
})

test('where the client works otherwise, its own headers are taken', async () => {
  const message = await sent(1)
  const { data, subject } = message
  const strange = { subject, data: Uint8Array.from(data), headers: message.headers } as Msg
  expect(textBefore(strange, strange.data, subject.length)).toBeUndefined()
  expect(headersOf(strange, strange.data, subject.length)?.last('A')).toBe('två')
})

test('a status is not a message', async () => {
  const { promise, resolve } = Promise.withResolvers<Msg>()
  connection.subscribe('answer', { callback: (_, message) => resolve(message) })
  connection.publish('nobody', '', { reply: 'answer' })
  const status = await promise
  expect(headersOf(status, status.data, 'answer'.length)?.isOfMessage).toBe(false)
})

test('a message without headers has none', async () => {
  const { promise, resolve } = Promise.withResolvers<Msg>()
  connection.subscribe('plain', { callback: (_, message) => resolve(message) })
  connection.publish('plain', 'NATS/1.0\r\n\r\n')
  const message = await promise
  expect(headersOf(message, message.data, 'plain'.length)).toBeUndefined()
})

function sent(size: number): Promise<Msg> {
  const { promise, resolve } = Promise.withResolvers<Msg>()
  const header = headers()
  header.append('A', 'one')
  header.append('B', ' x ')
  header.append('A', 'två')
  connection.subscribe('here', { max: 1, callback: (_, message) => resolve(message) })
  connection.publish('here', new Uint8Array(size), { headers: header })
  return promise
}
