import { jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import { eventStreamConfiguration } from '../../src/backends/nats/streams/event-stream-configuration.ts'
import { EventSubjects } from '../../src/backends/nats/commits/event-subjects.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'

let server: NatsServer
let admin: NatsConnection
let manager: JetStreamManager
/** What anybody did to a stream that is there. */
const changes: string[] = []
beforeAll(async () => {
  server = await startNatsServer()
  admin = await connect({ servers: server.url })
  manager = await jetstreamManager(admin)
  await manager.streams.add({ name: 'ORIGIN', subjects: ['origin'] })
  const note = (subject: string): void => void changes.push(subject)
  for (const what of ['UPDATED', 'DELETED'])
    admin.subscribe(`$JS.EVENT.ADVISORY.STREAM.${what}.>`, {
      callback: (_, message) => note(message.subject),
    })
})
afterAll(async () => {
  await admin.close()
  await server.stop()
})

interface Difference {
  readonly name: string
  readonly config: Partial<StreamConfig>
  /** What is told, in the order of the configuration. @default the setting itself */
  readonly clauses: readonly string[]
}

const differences: Difference[] = [
  wrong('max_age', 3_600_000_000_000, 0),
  wrong('deny_delete', false, true),
  wrong('deny_purge', false, true),
  wrong('retention', 'interest', 'limits'),
  wrong('retention', 'workqueue', 'limits'),
  wrong('storage', 'memory', 'file'),
  wrong('discard', 'old', 'new'),
  wrong('max_msgs', 1_000, -1),
  wrong('max_bytes', 1_000_000, -1),
  wrong('max_msgs_per_subject', 5, -1),
  wrong('max_msg_size', 1_000, -1),
  wrong('allow_direct', false, true),
  wrong('allow_atomic', false, true, 'not set'),
  excess('allow_msg_ttl', true),
  excess('no_ack', true),
  excess('sources', [{ name: 'ORIGIN' }]),
  excess('subject_transform', { src: '>', dest: 'changed.>' }),
  {
    name: 'allow_rollup_hdrs',
    config: { allow_rollup_hdrs: true, deny_purge: false },
    clauses: ['deny_purge is false, must be true', 'allow_rollup_hdrs is true, must not be set'],
  },
  {
    name: 'allow_msg_counter',
    config: { allow_msg_counter: true, discard: 'old' },
    clauses: ['discard is "old", must be "new"', 'allow_msg_counter is true, must not be set'],
  },
  {
    name: 'persist_mode',
    config: { persist_mode: 'async', allow_atomic: false },
    clauses: ['allow_atomic is not set, must be true', 'persist_mode is "async", must not be set'],
  },
  {
    name: 'subjects',
    config: { subjects: ['elsewhere.>'] },
    clauses: ['subjects is ["elsewhere.>"], must be ["aether.subjects.event.>"]'],
  },
  {
    name: 'mirror',
    config: { mirror: { name: 'ORIGIN' }, subjects: [], allow_atomic: false },
    clauses: [
      'subjects is not set, must be ["aether.mirror.event.>"]',
      'allow_atomic is not set, must be true',
      'mirror is {"name":"ORIGIN"}, must not be set',
    ],
  },
]

test.each(differences.map((difference, index) => ({ ...difference, index })))(
  'a stream with another $name is refused, and left as it is',
  async ({ name, config, clauses, index }) => {
    const namespace = clauses.some((clause) => clause.includes(`aether.${name}.`))
      ? name
      : `${name}-${index}`
    const right = eventStreamConfiguration(new EventSubjects(namespace), 1, '2.15.1')
    await manager.streams.add({ ...right, ...config })
    const before = await manager.streams.info(right.name)

    await expect(nats({ servers: server.url, namespace }).openStore()).rejects.toMatchObject({
      code: 'incompatible-store',
      message: `the stream AETHER_${namespace} can't keep events: ${clauses.join('; ')}. Correct it, or use another namespace`,
    })
    const after = await manager.streams.info(right.name)
    expect(after.config).toEqual(before.config)
    expect(after.created).toBe(before.created)
    await manager.streams.delete(right.name) // its subjects may be in the way of another
    await admin.flush()
    expect(changes.splice(0)).toEqual([`$JS.EVENT.ADVISORY.STREAM.DELETED.${right.name}`])
  },
)

test('a stream that was sealed is refused', async () => {
  const namespace = 'sealed'
  const right = eventStreamConfiguration(new EventSubjects(namespace), 1, '2.15.1')
  await manager.streams.add({ ...right, deny_delete: false, deny_purge: false })
  const sealed = { ...right, deny_delete: false, deny_purge: false, sealed: true }
  await admin.request(`$JS.API.STREAM.UPDATE.${right.name}`, JSON.stringify(sealed))
  await expect(nats({ servers: server.url, namespace }).openStore()).rejects.toThrow(
    /sealed is true, must not be set/,
  )
})

function wrong(
  name: keyof StreamConfig,
  value: unknown,
  must: unknown,
  is = JSON.stringify(value),
): Difference {
  const clause = `${name} is ${is}, must be ${JSON.stringify(must)}`
  return { name, config: { [name]: value }, clauses: [clause] }
}

function excess(name: keyof StreamConfig, value: unknown): Difference {
  const clause = `${name} is ${JSON.stringify(value)}, must not be set`
  return { name, config: { [name]: value }, clauses: [clause] }
}
