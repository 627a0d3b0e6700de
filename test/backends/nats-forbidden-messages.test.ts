import { type Clock, type Logger, open, policy, systemClock } from 'aether'
import { nats, natsPermissions } from 'aether/nats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLogger } from '../../src/core/index.ts'
import { Order } from '../actors/order.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

const admin = { user: 'admin', pass: 'secret' }
const namespace = 'orders'
const login = { user: 'app', pass: 'secret' }

/** A server on which the login may use the namespace, but for what is left out. */
function config(isLeftOut: (subject: string) => boolean): string {
  const { publish, subscribe } = natsPermissions(namespace, 'creator')
  const allow = publish.allow.filter((subject) => !isLeftOut(subject))
  const permissions = { publish: { allow }, subscribe }
  const app = JSON.stringify({ user: login.user, password: login.pass, permissions })
  return `accounts { A { jetstream: enabled, users: [{ user: admin, password: secret }, ${app}] } }`
}

let server: NatsServer
beforeAll(async () => {
  const isOfConsumer = (subject: string): boolean => /CONSUMER.*MESSAGES/.test(subject)
  server = await startNatsServer({ config: config(isOfConsumer), credentials: admin })
})
afterAll(() => server.stop())

test('messages that a login may not take are told of once, and taken as soon as it may', async () => {
  let aheadMs = 0
  const clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + aheadMs,
  }
  const told: string[] = []
  const note = (_: object, message: string): void => void told.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note }
  const ofMessages = (): string[] => told.filter((message) => message.includes('AETHER-MESSAGES'))
  const backend = nats({ servers: server.url, namespace, ...login })
  await using node = await open({ backend, actors: [Order], clock, logger })
  await node.tell(node.get(Order, 'o1'), 'tick')
  await until(() => ofMessages().length > 0, { description: 'it is told' })
  expect(ofMessages()).toEqual([
    expect.stringMatching(
      /^messages and reminders wait in .* Permissions Violation .*natsPermissions/,
    ),
  ])
  await server.reload(config(() => false))
  aheadMs = 60_000
  await until(async () => (await node.events.lastPosition()) > 0, { description: 'it is taken' })
  expect(ofMessages()).toHaveLength(1)
})

test('a policy whose login may not make the messages has failed, and nobody is parked for it', async () => {
  const isToMakeMessages = (subject: string): boolean => /STREAM.CREATE.*MESSAGES/.test(subject)
  await using poor = await startNatsServer({ config: config(isToMakeMessages), credentials: admin })
  const backend = nats({ servers: poor.url, namespace, ...login })
  const reminding = policy({
    name: 'reminding',
    actors: [Order],
    on: {
      Ticked: ({ key }, { get, schedule }) =>
        schedule(get(Order, key), 'pay', undefined, { name: 'later', afterMs: 3_600_000 }),
    },
  })
  await using node = await open({
    backend,
    actors: [Order],
    policies: [reminding],
    logger: silentLogger,
  })
  const { position } = await node.get(Order, 'o1').tick()
  const status = async () => (await node.projections())[0]
  const failed = async () => {
    const found = await status()
    return found?.state === 'failed' && found.error && found
  }
  expect(await until(failed, { description: 'it has failed' })).toMatchObject({
    parked: 0,
    retrying: 0,
    error: {
      code: 'not-permitted',
      message: expect.stringMatching(
        /no stream AETHER-MESSAGES_orders.*aether store init/,
      ) as string,
    },
  })
  await nats({ servers: poor.url, namespace, ...admin }).init()
  await node.projection(reminding).reached(position, { timeoutMs: 60_000 })
  expect(await status()).toMatchObject({ state: 'live', parked: 0, retrying: 0 })
  expect(await node.reminders('order-o1')).toHaveLength(1)
})
