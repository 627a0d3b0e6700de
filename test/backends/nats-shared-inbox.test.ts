import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { loadClientLibrary } from '../../src/backends/nats/connection/client-library.ts'
import { NatsLink } from '../../src/backends/nats/connection/nats-link.ts'
import {
  type Answer,
  SharedInbox,
  type ShortAnswer,
} from '../../src/backends/nats/connection/shared-inbox.ts'
import { WholeMessages } from '../../src/backends/nats/connection/whole-messages.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

const maxPayload = 100_000
const permissions = `{ user: guest, password: guest, permissions: {
  publish: { deny: "secret.>" }, subscribe: { deny: "closed.>" } } }`

let server: NatsServer
let service: NatsConnection
let topics = 0

beforeAll(async () => {
  const owner = { user: 'owner', pass: 'owner' }
  server = await startNatsServer({
    config: `authorization { users: [ { user: owner, password: owner }, ${permissions} ] }`,
    credentials: owner,
    maxPayload,
  })
  service = await connect({ servers: server.url, ...owner })
})
afterAll(async () => {
  await service.close()
  await server.stop()
})

/** What takes commands: in no type of the client's. */
interface ProtocolOfClient {
  sendCommand(command: Uint8Array): void
}

interface Scene {
  readonly inbox: SharedInbox
  readonly link: NatsLink
  readonly wire: Wire
  /** A subject that nobody else uses. */
  readonly topic: string
}

async function scene(timeoutMs = 5_000, inboxes = '_INBOX'): Promise<Scene> {
  const library = await loadClientLibrary()
  const wire = await Wire.to(server.port)
  const nats = await connect({
    servers: wire.url,
    user: 'guest',
    pass: 'guest',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
  })
  const link = new NatsLink(library, nats, inboxes)
  const inbox = new SharedInbox(library, link, timeoutMs)
  onTestFinished(async () => {
    await link.close()
    await wire[Symbol.asyncDispose]()
  })
  return { inbox, link, wire, topic: `topic.${topics++}` }
}

/** Collects requests on the subject, answered by the test. */
async function listen(topic: string): Promise<Msg[]> {
  const requests: Msg[] = []
  const subscription = service.subscribe(topic, {
    callback: (_, message) => void requests.push(message),
  })
  onTestFinished(() => subscription.unsubscribe())
  await service.flush()
  return requests
}

const body = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (answer: Answer): string =>
  answer.kind === 'answered' ? answer.message.string() : answer.kind

test('each answer comes to its request, in whatever order, and is taken once', async () => {
  const { inbox, topic } = await scene()
  const requests = await listen(topic)
  const asked = Array.from({ length: 100 }, (_, n) => inbox.ask({ subject: topic, body: `${n}` }))
  await until(() => requests.length === 100, { description: 'all are asked' })
  for (const request of requests.toReversed()) {
    request.respond(request.data)
    request.respond(body('again'))
  }
  const answers = await Promise.all(asked)
  expect(answers.map(textOf)).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`))
})

test('many requests are answered under one number until they are forgotten', async () => {
  const { inbox, topic } = await scene()
  const requests = await listen(topic)
  const answers: string[] = []
  const bodies = Array.from({ length: 50 }, (_, n) => body(`${n}`))
  const forget = inbox.sendAll({ subject: topic, bodies }, (answer) => answers.push(textOf(answer)))
  await until(() => requests.length === 50, { description: 'all are asked' })
  const single = inbox.ask({ subject: topic, body: 'single' })
  await until(() => requests[50]?.respond(body('alone')), {
    description: 'another one is answered',
  })
  for (const request of requests.slice(0, 50).toReversed()) request.respond(request.data)
  await until(() => answers.length === 50, { description: 'all are answered' })
  expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`).toReversed())
  expect(await single).toMatchObject({ kind: 'answered' })
  forget()
  requests[0]?.respond(body('late'))
  const behind = inbox.ask({ subject: topic, body: '' })
  await until(() => requests[51]?.respond(body('behind it')), { description: 'what follows' })
  await behind
  expect(answers).toHaveLength(50)
})

test('many requests end together when their time is over, whatever was answered before', async () => {
  // Long enough for one to be answered.
  const { inbox, topic } = await scene(2_000)
  const requests = await listen(topic)
  const ends: string[] = []
  const bodies = [body(''), body('')]
  inbox.sendAll({ subject: topic, bodies }, ({ kind }) => ends.push(kind))
  await until(() => requests.length === 2, { description: 'they are asked' })
  requests[0]?.respond(body('one of two'))
  await until(() => ends.length === 2, { description: 'the time is over' })
  expect(ends).toEqual(['answered', 'unanswered'])
})

test('many requests end together where they are refused, can not be sent or are lost', async () => {
  const { inbox, link, wire, topic } = await scene(60_000)
  await listen(topic)
  const ends: string[] = []
  const ask = (subject: string, data = ''): unknown =>
    inbox.sendAll({ subject, bodies: [body(data), body(data)] }, ({ kind }) => ends.push(kind))
  ask('secret.plan')
  await until(() => ends.length === 1, { description: 'they are refused' })
  ask(topic, 'x'.repeat(maxPayload + 1))
  ask(topic)
  wire.cut()
  await until(() => !link.isConnected && ends.length === 3, { description: 'they are lost' })
  ask(topic)
  expect(ends).toEqual(['forbidden', 'not-sent', 'unanswered', 'not-sent'])
})

describe('a message with headers', () => {
  const headers = 'NATS/1.0\r\nNats-Msg-Id: a-1\r\nAether-Version: 7\r\n\r\n'
  const text = '{"owner":"Zoë 👩‍💻"}\r\n'

  function expectWhole(message: Msg | undefined): void {
    expect(message?.headers?.get('Nats-Msg-Id')).toBe('a-1')
    expect(message?.headers?.get('Aether-Version')).toBe('7')
    expect(message?.string()).toBe(text)
  }

  // The client's types don't show that it takes whole commands, which it doesn't count as messages.
  test('goes out in one piece and arrives as it was given', async () => {
    const { inbox, link, topic } = await scene()
    const requests = await listen(topic)
    const sent = link.nats.stats().outMsgs
    void inbox.ask({ subject: topic, body: text, headers })
    void inbox.ask({ subject: topic, body: text, headers })
    expect(link.nats.stats().outMsgs).toBe(sent)
    await until(() => requests.length === 2, { description: 'they arrived' })
    requests.forEach(expectWhole)
  })

  // Nor that it asks them for nothing but their bytes.
  test('arrives from a client that takes no whole commands', async () => {
    const { link, topic } = await scene()
    const requests = await listen(topic)
    const { nats } = link
    const publish: NatsConnection['publish'] = (...args) => nats.publish(...args)
    const message = { subject: topic, reply: 'answers', headers, body: text }
    new WholeMessages({ info: nats.info, publish } as NatsConnection).publish(message)
    await until(() => requests.length === 1, { description: 'it arrived' })
    expectWhole(requests[0])
  })

  test('goes out with those of its turn, in their order, up to so many bytes', async () => {
    const { inbox, link, topic } = await scene()
    const requests = await listen(topic)
    const protocol = (link.nats as unknown as { protocol: ProtocolOfClient }).protocol
    void inbox.ask({ subject: topic, body: '', headers })
    await until(() => requests.length === 1, { description: 'the inbox listens' })
    const commands = vi.spyOn(protocol, 'sendCommand')
    const send = (n: number, size: number): void =>
      void inbox.ask({ subject: topic, body: `${n}${'é'.repeat(size)}`, headers })
    for (let n = 0; n < 20; n++) send(n, 10)
    await until(() => requests.length === 21, { description: 'small ones arrived' })
    expect(commands).toHaveBeenCalledTimes(1)
    for (let n = 20; n < 26; n++) send(n, 20_000)
    await until(() => requests.length === 27, { description: 'large ones arrived' })
    expect(commands).toHaveBeenCalledTimes(1 + 3)
    const numbers = requests.slice(1).map((message) => Number.parseInt(message.string()))
    expect(numbers).toEqual(Array.from({ length: 26 }, (_, n) => n))
  })

  test('is not sent where it is too large by its headers', async () => {
    const { inbox, topic } = await scene()
    const requests = await listen(topic)
    const room = maxPayload - headers.length
    const tooLarge = await inbox.ask({ subject: topic, body: 'x'.repeat(room + 1), headers })
    expect(tooLarge.kind).toBe('not-sent')
    void inbox.ask({ subject: topic, body: 'x'.repeat(room), headers })
    await until(() => requests.length === 1, { description: 'the other one arrived' })
  })
})

test('where nobody is there to answer, that is said', async () => {
  const { inbox, topic } = await scene()
  expect((await inbox.ask({ subject: topic, body: '' })).kind).toBe('no-responders')
})

test('a short answer is read before the client reads it, on each connection', async () => {
  const { inbox, link, wire, topic } = await scene()
  const requests = await listen(topic)
  const send = (): Promise<ShortAnswer> =>
    new Promise((take) => inbox.send({ subject: topic, body: '' }, take))
  for (let connection = 1; connection <= 2; connection++) {
    const answer = send()
    const request = await until(() => requests[connection - 1], { description: 'it is asked' })
    const { inMsgs } = link.nats.stats()
    request.respond(body('short'))
    expect(await answer).toEqual({ kind: 'answered', data: Buffer.from('short') })
    expect(link.nats.stats().inMsgs).toBe(inMsgs)
    if (connection === 2) return
    wire.cut()
    await until(() => !link.isConnected, { description: 'the connection is lost' })
    wire.mend()
    await until(() => link.isConnected, { description: 'the connection is back' })
  }
})

test('where nobody is there to answer shortly, that is said', async () => {
  const { inbox, topic } = await scene()
  const answer = await new Promise<ShortAnswer>((take) =>
    inbox.send({ subject: topic, body: '' }, take),
  )
  expect(answer.kind).toBe('no-responders')
})

test('an answer without content is one', async () => {
  const { inbox, topic } = await scene()
  const requests = await listen(topic)
  const asked = inbox.ask({ subject: topic, body: '' })
  await until(() => requests[0]?.respond(), { description: 'it is answered' })
  expect(await asked).toMatchObject({ kind: 'answered' })
})

test('a request that is not answered in time ends, and those behind it when their time is over', async () => {
  const { inbox, topic } = await scene(100)
  const requests = await listen(topic)
  const first = inbox.ask({ subject: topic, body: '1' })
  await until(() => requests.length === 1, { description: 'the first is asked' })
  const second = inbox.ask({ subject: topic, body: '2' })
  expect((await first).kind).toBe('unanswered')
  expect((await second).kind).toBe('unanswered')
  for (const request of requests) request.respond(body('late'))
  // Where this one's time is over as well, it says nothing.
  const third = async (): Promise<string | undefined> => {
    const { kind } = await inbox.ask({ subject: 'nobody', body: '3' })
    return kind === 'unanswered' ? undefined : kind
  }
  expect(await until(third, { description: 'the third is told' })).toBe('no-responders')
})

test('what was not sent, as it is too large, is not waited for', async () => {
  const { inbox, topic } = await scene()
  await listen(topic)
  const answer = await inbox.ask({ subject: topic, body: 'x'.repeat(maxPayload + 1) })
  expect(answer.kind).toBe('not-sent')
})

describe('when the connection breaks', () => {
  test('requests under way end at once, further ones are not sent until it is back', async () => {
    const { inbox, link, wire, topic } = await scene(60_000)
    const requests = await listen(topic)
    const asked = Array.from({ length: 3 }, () => inbox.ask({ subject: topic, body: '' }))
    await until(() => requests.length === 3, { description: 'all are asked' })
    wire.cut()
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 3 }, () => 'unanswered'),
    )
    expect((await inbox.ask({ subject: topic, body: '' })).kind).toBe('not-sent')
    wire.mend()
    await until(() => link.isConnected, { description: 'the connection is back' })
    const again = inbox.ask({ subject: topic, body: '' })
    await until(() => requests[3]?.respond(body('back')), { description: 'it is answered' })
    expect(textOf(await again)).toBe('back')
  })

  test('requests under way end in the order in which they were sent, whatever their numbers', async () => {
    const { inbox, link, wire, topic } = await scene(60_000)
    await listen(topic)
    const sent = Array.from({ length: 10 }, () => inbox.newNumber()).toReversed()
    const ended: number[] = []
    for (const number of sent)
      inbox.send({ subject: topic, headers: 'NATS/1.0\r\n\r\n', body: '', number }, () =>
        ended.push(number),
      )
    wire.cut()
    await until(() => !link.isConnected && ended.length === 10, { description: 'they are lost' })
    expect(ended).toEqual(sent)
  })

  test('and is not mended, as it was closed: nothing is waited for', async () => {
    const { inbox, link, topic } = await scene(60_000)
    const requests = await listen(topic)
    const asked = inbox.ask({ subject: topic, body: '' })
    await until(() => requests.length === 1, { description: 'it is asked' })
    await link.close()
    expect((await asked).kind).toBe('unanswered')
    expect((await inbox.ask({ subject: topic, body: '' })).kind).toBe('not-sent')
  })
})

describe('where the login may not', () => {
  test('publish to a subject, each request to it is told, and no other', async () => {
    const { inbox, topic } = await scene(60_000)
    const requests = await listen(topic)
    const allowed = inbox.ask({ subject: topic, body: '' })
    const forbidden = Array.from({ length: 3 }, () =>
      inbox.ask({ subject: 'secret.plan', body: '' }),
    )
    for (const answer of await Promise.all(forbidden)) expect(answer.kind).toBe('forbidden')
    await until(() => requests[0]?.respond(body('yes')), { description: 'it is answered' })
    expect(textOf(await allowed)).toBe('yes')
  })

  test('subscribe to the inbox, every request is told', async () => {
    const { inbox, topic } = await scene(60_000, 'closed')
    await listen(topic)
    for (let round = 0; round < 2; round++)
      expect((await inbox.ask({ subject: topic, body: '' })).kind).toBe('forbidden')
  })
})
