import type { Msg } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { loadClientLibrary } from '../../src/backends/nats/connection/client-library.ts'
import { connect } from '../../src/backends/nats/connection/connect.ts'
import { NatsLink } from '../../src/backends/nats/connection/nats-link.ts'
import { checkOptions } from '../../src/backends/nats/connection/nats-options.ts'
import { SharedInbox } from '../../src/backends/nats/connection/shared-inbox.ts'
import { nats } from '../../src/backends/nats/index.ts'
import {
  ConditionalPublisher,
  type PublishOutcome,
} from '../../src/backends/nats/writing/conditional-publisher.ts'
import { UsedNumbers } from '../../src/backends/nats/writing/used-numbers.ts'
import type { ActorId } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

let server: ServerOfTests['server']
let raw: ServerOfTests['raw']
let manager: ServerOfTests['manager']
let topics = 0

useServer({}, (started) => ({ server, raw, manager } = started))

const stored = (sequence: number): string => `{"stream":"S", "seq":${sequence}}`
const refusal = (code: number): string =>
  JSON.stringify({ stream: 'S', seq: 0, error: { code: 400, err_code: code, description: 'no' } })

interface Scene {
  readonly publish: () => Promise<PublishOutcome>
  readonly publishAgain: () => Promise<PublishOutcome>
  /** The message that came in as the nth, from 1. */
  readonly message: (nth: number) => Promise<Msg>
}

/** Messages to a subject whose answers the test gives. */
async function scene(requestTimeoutMs = 5_000): Promise<Scene> {
  const library = await loadClientLibrary()
  const settings = checkOptions({ servers: server.url, namespace: 'used', requestTimeoutMs })
  const link = new NatsLink(library, await connect(library, settings), '_INBOX')
  onTestFinished(() => link.close())
  const inbox = new SharedInbox(library, link, requestTimeoutMs)
  const publisher = new ConditionalPublisher(inbox, new UsedNumbers(inbox))
  const subject = `used.${topics++}`
  const messages: Msg[] = []
  const subscription = raw.subscribe(subject, { callback: (_, msg) => void messages.push(msg) })
  onTestFinished(() => subscription.unsubscribe())
  await raw.flush()
  const sent = [{ subject, expectedSequence: 0, body: '{}' }]
  return {
    publish: () => publisher.publish(sent),
    publishAgain: () => publisher.publishAgain(sent),
    message: (nth) => until(() => messages[nth - 1], { description: `message ${nth} came` }),
  }
}

test('what is stored gives its number to the next one, which is answered under it', async () => {
  const { publish, message } = await scene()
  for (const sequence of [3, 4, 9]) {
    const outcome = publish()
    ;(await message([3, 4, 9].indexOf(sequence) + 1)).respond(stored(sequence))
    expect(await outcome).toEqual({ kind: 'stored', firstSequence: sequence })
  }
  expect((await message(2)).reply).toBe((await message(1)).reply)
  expect((await message(3)).reply).toBe((await message(1)).reply)
})

test.each([
  ['a sequence that is not new', stored(3)],
  ['a sequence before it', stored(2)],
  ['a wrong expectation', refusal(10_071)],
  ['no room', refusal(10_077)],
  ['not now', refusal(10_164)],
  ['nothing', ''],
])('an answer that says %s is not believed under a used number', async (_, text) => {
  const { publish, publishAgain, message } = await scene()
  const first = publish()
  ;(await message(1)).respond(stored(3))
  await first
  const second = publish()
  await message(2)
  ;(await message(1)).respond(text)
  expect((await second).kind).toBe('doubtful')
  // Nobody waits for what is said about it now, and its number is nobody's.
  const third = publishAgain()
  ;(await message(2)).respond(stored(4))
  ;(await message(3)).respond(stored(5))
  expect(await third).toEqual({ kind: 'stored', firstSequence: 5 })
  const replies = await Promise.all([2, 3].map(async (nth) => (await message(nth)).reply))
  expect(replies[0]).not.toBe(replies[1])
})

test('a refusal under a fresh number is believed, and the number is not used again', async () => {
  const { publish, message } = await scene()
  const first = publish()
  ;(await message(1)).respond(refusal(10_071))
  expect(await first).toEqual({ kind: 'superseded' })
  const second = publish()
  ;(await message(2)).respond(refusal(10_077))
  expect((await second).kind).toBe('unknown')
  expect((await message(2)).reply).not.toBe((await message(1)).reply)
})

test('the number of a message that went unanswered is not used again', async () => {
  const { publish, message } = await scene(100)
  expect((await publish()).kind).toBe('unknown')
  expect((await publish()).kind).toBe('unknown')
  expect((await message(2)).reply).not.toBe((await message(1)).reply)
})

test('appends are told the truth where those before them are answered a second time', async () => {
  const namespace = 'twice'
  const store = await nats({ servers: server.url, namespace }).openStore()
  onTestFinished(() => store.close())
  const answered = new Set<string>()
  let late = 0
  const subscriptions = [
    raw.subscribe(`_INBOX.aether.${namespace}.>`, {
      callback: (_, { subject }) => void answered.add(subject),
    }),
    raw.subscribe(`aether.${namespace}.event.>`, {
      callback: (_, message) => {
        if (answered.has(message.reply ?? ''))
          message.respond(late++ % 2 ? refusal(10_071) : stored(1))
      },
    }),
  ]
  onTestFinished(() => subscriptions.forEach((subscription) => subscription.unsubscribe()))
  await raw.flush()
  const actors = Array.from({ length: 500 }, (_, n): ActorId => `order-${n}`)
  const events = [{ type: 'Placed', data: 1 }]
  for (let from = 0; from < actors.length; from += 10)
    await Promise.all(
      actors.slice(from, from + 10).map(async (actorId) => {
        expect(await store.append(actorId, events, { expectedVersion: 0 })).toMatchObject({
          ok: true,
        })
      }),
    )
  expect(await Array.fromAsync(store.readAll())).toHaveLength(actors.length)
  expect(late).toBeGreaterThan(100)
})

test('an append behind what is there no more is a conflict, under a used number as well', async () => {
  const namespace = 'set-back'
  const open = async (): Promise<EventStore> => {
    const store = await nats({ servers: server.url, namespace }).openStore()
    onTestFinished(() => store.close())
    return store
  }
  const store = await open()
  const events = [{ type: 'Placed', data: 1 }]
  await store.append('order-1', events, { expectedVersion: 0 })
  await store.append('order-1', events, { expectedVersion: 1 })
  await manager.streams.delete(`AETHER_${namespace}`)
  await open()
  expect(await store.append('order-1', events, { expectedVersion: 2 })).toMatchObject({
    ok: false,
    conflict: { currentVersion: 0 },
  })
})
