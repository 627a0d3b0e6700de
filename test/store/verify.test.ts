import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import {
  type ActorId,
  type EventStore,
  exportEvents,
  type Finding,
  importEvents,
  type NewEvent,
  type VerifyOptions,
  type VerifyReport,
  verifyStore,
} from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

interface Verified {
  readonly findings: readonly Finding[]
  readonly report: VerifyReport
}

async function verified(store: EventStore, options?: VerifyOptions): Promise<Verified> {
  const findings: Finding[] = []
  const walk = verifyStore(store, options)
  for (;;) {
    const { done, value } = await walk.next()
    if (done) return { findings, report: value }
    findings.push(value)
  }
}

async function briefly(store: EventStore, options?: VerifyOptions): Promise<string[]> {
  const { findings } = await verified(store, options)
  return findings.map(({ kind, position }) => `${kind} ${position}`)
}

function counted(from: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'Counted',
    data: { n: from + index, text: 'Zoë' },
    metadata: { userId: 'u' },
  }))
}

interface SqliteScene {
  readonly store: EventStore
  /** Another connection, without the triggers that would refuse it. */
  damage(statement: string): void
}

/** Alice's versions 1 to 3 at the positions 1, 2 and 5, bob's 1 to 2 between them, alice's 4 at 6. */
async function sqliteScene(hashChain: boolean): Promise<SqliteScene> {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  const store = await sqlite(file).openStore({ hashChain })
  onTestFinished(async () => {
    await store.close()
    await folder.remove()
  })
  await store.append(alice, counted(1, 2), { expectedVersion: 0 })
  await store.append(bob, counted(1, 2), { expectedVersion: 0 })
  await store.append(alice, counted(3, 2), { expectedVersion: 2 })
  return {
    store,
    damage(statement) {
      const db = new DatabaseSync(file)
      for (const trigger of ['event_refuses_update', 'event_refuses_delete', 'event_only_grows'])
        db.exec(`DROP TRIGGER IF EXISTS ${trigger}`)
      db.exec(statement)
      db.close()
    },
  }
}

describe('a store that is as it should be', () => {
  test.each([false, true])('has no findings, with a hash chain: %s', async (hashChain) => {
    const { store } = await sqliteScene(hashChain)
    const reports: VerifyReport[] = []
    const onProgress = (report: VerifyReport): void => void reports.push(report)
    const { findings, report } = await verified(store, { onProgress })
    expect(findings).toEqual([])
    const chained = hashChain ? 6 : 0
    expect(report).toEqual({ events: 6, chained, actors: 2, errors: 0, warnings: 0, position: 6 })
    expect(reports).toEqual([report])
  })

  test('is verified from any position on', async () => {
    const { store } = await sqliteScene(true)
    for (const after of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const { findings, report } = await verified(store, { after })
      expect(findings).toEqual([])
      expect(report).toMatchObject({ events: Math.max(0, 6 - after), position: Math.max(6, after) })
    }
  })

  test('is told how far it got after every 1,000 events', async () => {
    await using store = await memory().openStore()
    for (let n = 0; n < 3; n++)
      await store.append(`a-${n}`, counted(1, 750), { expectedVersion: 0 })
    const seen: number[] = []
    await verified(store, { onProgress: ({ events }) => void seen.push(events) })
    expect(seen).toEqual([1_000, 2_000, 2_250])
  })

  test('is left when the signal says so', async () => {
    await using store = await memory().openStore()
    await store.append(alice, counted(1, 3), { expectedVersion: 0 })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(verified(store, { signal })).rejects.toThrow('enough')
  })
})

describe('in a file that somebody changed', () => {
  test.each([
    ['data that is no JSON', `UPDATE event SET data = '{' WHERE position = 2`, 'malformed-event 2'],
    ['an actor that is none', `UPDATE event SET actor = 'x' WHERE position = 6`, 'foreign-event 6'],
    [
      'a version that was swapped with another',
      `UPDATE event SET version = 9 WHERE position = 1`,
      'version-order 2',
    ],
    ['a time that is none', `UPDATE event SET time = 'now' WHERE position = 4`, 'invalid-time 4'],
    [
      'an id that comes twice',
      `UPDATE event SET id = (SELECT id FROM event WHERE position = 1) WHERE position = 6`,
      'repeated-id 6',
    ],
  ])('%s is found', async (_, statement, finding) => {
    const { store, damage } = await sqliteScene(false)
    damage(statement)
    expect(await briefly(store)).toEqual([finding])
    const { report } = await verified(store)
    expect(report).toMatchObject({ errors: 1, warnings: 0 })
    const position = Number(/\d/.exec(finding)?.[0])
    if (!finding.startsWith('version'))
      expect(await briefly(store, { after: position })).toEqual([])
  })

  test('the same id of two actors is none', async () => {
    const { store, damage } = await sqliteScene(false)
    damage(`UPDATE event SET id = 'same' WHERE version = 1`)
    expect(await briefly(store)).toEqual([])
  })

  test('an id that is appended again behind a version that holds is stored, and found', async () => {
    const { store } = await sqliteScene(false)
    const events = [{ id: 'again', type: 'A', data: 1 }]
    const stored = await store.append('order-new', events, { expectedVersion: 0 })
    const again = await store.append('order-new', events, { expectedVersion: 1 })
    expect([stored, again]).toMatchObject([1, 2].map((version) => ({ version, duplicate: false })))
    expect(await briefly(store)).toEqual([`repeated-id ${again.ok && again.position}`])
  })

  test('an id that comes again behind more than are remembered is not found', async () => {
    const { store, damage } = await sqliteScene(false)
    damage(`UPDATE event SET id = 'same' WHERE position IN (1, 6)`)
    // Up to twice as many are.
    expect(await briefly(store, { rememberedIds: 2 })).toEqual([])
    expect(await briefly(store, { rememberedIds: 5 })).toEqual(['repeated-id 6'])
  })
})

describe('events that somebody removed from a file', () => {
  test('are found between others, and before them', async () => {
    const { store, damage } = await sqliteScene(false)
    damage('DELETE FROM event WHERE position IN (1, 3, 4)')
    const { findings, report } = await verified(store)
    expect(findings).toEqual([
      {
        kind: 'removed-events',
        severity: 'error',
        position: 1,
        message: '1 event was removed from the file: its positions go from 0 to 2',
      },
      {
        kind: 'removed-events',
        severity: 'error',
        position: 3,
        message: '2 events were removed from the file: its positions go from 2 to 5',
      },
    ])
    expect(report).toMatchObject({ events: 3, errors: 2, position: 6 })
    expect(await briefly(store, { after: 1 })).toEqual(['removed-events 3'])
    expect(await briefly(store, { after: 3 })).toEqual(['removed-events 4'])
    expect(await briefly(store, { after: 4 })).toEqual([])
  })

  test('are found where pages of a long read meet', async () => {
    const { store, damage } = await sqliteScene(false)
    for (let n = 0; n < 2; n++)
      await store.append('a-many', counted(1, 1_000), { expectedVersion: n * 1_000 })
    expect(await briefly(store)).toEqual([])
    damage('DELETE FROM event WHERE position IN (500, 501, 1000)')
    expect(await briefly(store)).toEqual(['removed-events 500', 'removed-events 1000'])
  })

  test('are not found at the end, also by the hashes of the others', async () => {
    const { store, damage } = await sqliteScene(true)
    damage('DELETE FROM event WHERE position = 6')
    expect(await briefly(store)).toEqual([])
  })

  test('are none where a transaction was taken back, or where events may go', async () => {
    const { store, damage } = await sqliteScene(false)
    const row = `VALUES ('account-bob', 9, 'x', 'Counted', '2026-01-01', '{}', '{}')`
    damage(
      `BEGIN; INSERT INTO event (actor, version, id, type, time, data, metadata) ${row}; ROLLBACK`,
    )
    await store.append(bob, counted(3, 1), { expectedVersion: 2 })
    expect(await briefly(store)).toEqual([])

    await using folder = await temporaryFolder()
    const retention = { keepForMs: 0 }
    const file = join(folder.path, 'trimmed.db')
    await using trimmed = await sqlite(file, { retention }).openStore()
    for (const version of [1, 2, 3])
      await trimmed.save(alice, {
        version,
        type: 'A',
        data: 1,
        time: `2026-01-0${version}T00:00:00.000Z`,
      })
    expect(await trimmed.trim()).toMatchObject({ removed: 2 })
    expect(await briefly(trimmed)).toEqual(['trimmed-history 3'])
  })
})

describe('with a hash chain', () => {
  const columns = ['type', 'data', 'metadata', 'time'] as const

  test.each(columns)('any changed character of %s is found', async (column) => {
    const { store, damage } = await sqliteScene(true)
    const [, event] = await Array.fromAsync(store.readAll())
    const original = {
      type: event?.type ?? '',
      data: JSON.stringify(event?.data),
      metadata: JSON.stringify(event?.metadata),
      time: event?.time ?? '',
    }[column]
    for (let index = 0; index < original.length; index++) {
      for (const char of ['7', 'x']) {
        if (original[index] === char) continue
        const wrong = original.slice(0, index) + char + original.slice(index + 1)
        damage(`UPDATE event SET ${column} = '${wrong}' WHERE position = 2`)
        expect(await briefly(store), wrong).not.toEqual([])
      }
    }
    damage(`UPDATE event SET ${column} = '${original}' WHERE position = 2`)
    expect(await briefly(store)).toEqual([])
  })

  test.each([
    ['an id', `UPDATE event SET id = 'other' WHERE position = 2`, ['hash-mismatch 2']],
    ['the last event', `UPDATE event SET data = '{}' WHERE position = 6`, ['hash-mismatch 6']],
    [
      'events that are removed from the middle',
      'DELETE FROM event WHERE position = 2',
      ['removed-events 2', 'hash-mismatch 5'],
    ],
    [
      'the first event that is removed',
      'DELETE FROM event WHERE position = 1',
      ['removed-events 1', 'hash-mismatch 2'],
    ],
    [
      'an event that was moved to another actor',
      `UPDATE event SET actor = 'account-bob', version = 4 WHERE position = 6`,
      ['hash-mismatch 6'],
    ],
    [
      'events that changed places',
      `UPDATE event SET data = '{"n":3}' WHERE position = 5;
       UPDATE event SET data = '{"n":4}' WHERE position = 6`,
      ['hash-mismatch 5', 'hash-mismatch 6'],
    ],
    [
      'a hash that is changed',
      `UPDATE event SET metadata = '{"hash":"x"}' WHERE position = 5`,
      ['hash-mismatch 5', 'hash-mismatch 6'],
    ],
    [
      'an event that cannot be read, behind which nothing can be compared',
      `UPDATE event SET data = '{' WHERE position = 2`,
      ['malformed-event 2'],
    ],
    [
      'an event that lost its hash',
      `UPDATE event SET metadata = '{"userId":"u"}' WHERE position = 5`,
      ['unchained-event 5', 'hash-mismatch 6'],
    ],
  ])('%s: found', async (_, statement, findings) => {
    const { store, damage } = await sqliteScene(true)
    damage(statement)
    expect(await briefly(store)).toEqual(findings)
    // From the middle on, what stands before is read all the same.
    for (const finding of findings) {
      const position = Number(finding.split(' ')[1])
      const rest = findings.slice(findings.indexOf(finding))
      expect(await briefly(store, { after: position - 1 })).toEqual(rest)
    }
  })

  test('what was written without begins it anew, and is told where it follows a hash', async () => {
    await using folder = await temporaryFolder()
    const backend = sqlite(join(folder.path, 'events.db'))
    for (const hashChain of [false, true, false, false, true]) {
      await using store = await backend.openStore({ hashChain })
      await store.append(alice, counted(1, 2), { expectedVersion: 'any' })
    }
    await using store = await backend.openStore()
    const { findings, report } = await verified(store)
    expect(findings).toMatchObject([
      { kind: 'unchained-event', severity: 'warning', actorId: alice, version: 5 },
    ])
    expect(report).toMatchObject({ events: 10, chained: 4, errors: 0, warnings: 1 })
  })

  test('two stores that write to one actor make one chain', async () => {
    await using folder = await temporaryFolder()
    const backend = sqlite(join(folder.path, 'events.db'))
    await using one = await backend.openStore({ hashChain: true })
    await using two = await backend.openStore({ hashChain: true })
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 ? one : two).append(alice, counted(n, 2), { expectedVersion: 'any' }),
      ),
    )
    const version = (await one.latestVersion(alice)) + 5
    await two.save(alice, [{ ...(counted(1, 1)[0] as NewEvent), version }])
    await one.append(alice, counted(1, 1), { expectedVersion: version })
    expect(await verified(one)).toMatchObject({ findings: [], report: { events: 82, chained: 82 } })
  })

  test('a repeat is recognised as one', async () => {
    const { store } = await sqliteScene(true)
    const event = { id: 'e', type: 'A', data: 1, metadata: { userId: 'u' } }
    const first = await store.append(alice, [event], { expectedVersion: 4 })
    expect(first).toMatchObject({ ok: true, version: 5, duplicate: false })
    for (const expectedVersion of [4, 'any'] as const) {
      const again = await store.append(alice, [event], { expectedVersion })
      expect(again).toMatchObject({ ok: true, version: 5, duplicate: true })
    }
  })

  test('a moved log keeps its hashes, whether they are copied or made again', async () => {
    const { store } = await sqliteScene(true)
    const original = await Array.fromAsync(exportEvents(store))
    for (const hashChain of [false, true]) {
      await using to = await memory().openStore({ hashChain })
      await importEvents(to, original)
      expect(await Array.fromAsync(exportEvents(to))).toEqual(original)
      expect(await briefly(to)).toEqual([])
      expect(await importEvents(to, original)).toMatchObject({ imported: 0, present: 6 })
    }
  })
})

describe('in a stream to which somebody published', () => {
  let server: NatsServer
  let raw: NatsConnection
  beforeAll(async () => {
    server = await startNatsServer()
    raw = await connect({ servers: server.url })
  })
  afterAll(async () => {
    await raw.close()
    await server.stop()
  })

  interface Message {
    readonly actor: string
    readonly behind?: number
    readonly ofSubject?: string
    readonly version?: number
    readonly body?: object
  }

  interface StreamScene {
    readonly store: EventStore
    readonly namespace: string
    publish(message: Message): Promise<void>
  }

  /** Alice's versions 1 and 2 in message 1, a commit of alice and bob in 2 and 3. */
  async function streamScene(): Promise<StreamScene> {
    const namespace = randomUUID()
    const store = await nats({ servers: server.url, namespace }).openStore()
    onTestFinished(() => store.close())
    await store.append(alice, counted(1, 2), { expectedVersion: 0 })
    await store.commit([
      { actorId: alice, events: counted(3, 1), expectedVersion: 2 },
      { actorId: bob, events: counted(1, 1), expectedVersion: 0 },
    ])
    return {
      store,
      namespace,
      async publish({ actor, behind = 0, ofSubject, version = 1, body = {} }) {
        const header = headers()
        const prefix = `aether.${namespace}.event.`
        header.set('Aether-Version', String(version))
        header.set('Nats-Expected-Last-Subject-Sequence', String(behind))
        if (ofSubject)
          header.set('Nats-Expected-Last-Subject-Sequence-Subject', `${prefix}${ofSubject}`)
        const content = {
          format: 1,
          id: 'c',
          time: '2026-11-21T20:00:00.000Z',
          firstVersion: version,
          events: [{ id: randomUUID(), type: 'A', data: 1 }],
          ...body,
        }
        const reply = await raw.request(`${prefix}${actor}`, JSON.stringify(content), {
          headers: header,
          timeout: 5_000,
        })
        expect(reply.json()).not.toHaveProperty('error')
      },
    }
  }

  const at = (kind: string, sequence: number): string => `${kind} ${sequence * 1_024}`

  test('nothing is found that a store wrote, from any position on', async () => {
    const { store } = await streamScene()
    for (let after = 0; after < 4_200; after += 100)
      expect(await briefly(store, { after })).toEqual([])
    expect((await verified(store)).report).toMatchObject({
      events: 4,
      actors: 2,
      position: 3 * 1_024,
    })
  })

  test('a commit without its end is found, also at the end of the log', async () => {
    const { store, publish } = await streamScene()
    await publish({ actor: 'order.1', body: { id: 'torn', part: [0, 3] } })
    await publish({ actor: 'order.2', body: { id: 'torn', part: [1, 3] } })
    expect(await briefly(store)).toEqual([at('torn-commit', 4)])
    await store.append('order-3', counted(1, 1), { expectedVersion: 0 })
    const { findings } = await verified(store)
    expect(findings).toMatchObject([
      { kind: 'torn-commit', message: expect.stringContaining('torn') as string },
    ])
    // A walk that begins inside of it tells it as well, and one that begins behind doesn't.
    for (const after of [4, 5])
      expect(await briefly(store, { after: after * 1_024 })).toEqual([at('torn-commit', after)])
    expect(await briefly(store, { after: 6 * 1_024 })).toEqual([])
  })

  test('a commit without its beginning or its middle is found', async () => {
    const { store, publish } = await streamScene()
    await publish({ actor: 'order.1', body: { part: [1, 2] } })
    await publish({ actor: 'order.2', body: { id: 'd', part: [0, 3] } })
    await publish({ actor: 'order.3', body: { id: 'd', part: [2, 3] } })
    expect(await briefly(store)).toEqual([4, 5, 6].map((sequence) => at('torn-commit', sequence)))
  })

  test('what is no event, and what stands under no actor, is found', async () => {
    const { store, publish } = await streamScene()
    await publish({ actor: 'order.1', body: { events: [] } })
    await publish({ actor: 'order' })
    await publish({ actor: 'order.a=2' })
    await publish({ actor: 'order.1', behind: 4, version: 1, body: { part: [2, 2] } })
    expect(await briefly(store)).toEqual([
      at('malformed-event', 4),
      at('foreign-event', 5),
      at('foreign-event', 6),
      at('malformed-event', 7),
    ])
  })

  test('what was made for another actor is found', async () => {
    const { store, publish } = await streamScene()
    await publish({ actor: 'account.bob', ofSubject: 'account.alice', behind: 2, version: 4 })
    expect(await briefly(store)).toEqual([at('foreign-link', 4)])
    expect(await briefly(store, { after: 3 * 1_024 })).toEqual([at('foreign-link', 4)])
    expect(await briefly(store, { after: 4 * 1_024 })).toEqual([])
  })

  test('versions that go back, and ids that come twice, are found', async () => {
    const { store, publish } = await streamScene()
    await publish({
      actor: 'order.1',
      version: 5,
      body: { events: [{ id: 'e', type: 'A', data: 1 }] },
    })
    await publish({
      actor: 'order.1',
      behind: 4,
      version: 5,
      body: { events: [{ id: 'e', type: 'A', data: 1 }] },
    })
    expect(await briefly(store)).toEqual([at('version-order', 5), at('repeated-id', 5)])
  })

  test('a removed message is found, in a stream that was made anew without the refusal', async () => {
    const { store, namespace, publish } = await streamScene()
    const { streams } = await jetstreamManager(raw)
    const name = `AETHER_${namespace}`
    const { config } = await streams.info(name)
    await expect(streams.deleteMessage(name, 2)).rejects.toThrow('message delete not permitted')
    await streams.delete(name)
    await streams.add({ ...config, deny_delete: false })
    for (const key of [1, 2, 3, 4, 5]) await publish({ actor: `order.${key}` })
    expect(await briefly(store)).toEqual([])
    await streams.deleteMessage(name, 2)
    await streams.deleteMessage(name, 3)
    expect(await briefly(store)).toEqual([at('removed-events', 2)])
    expect(await briefly(store, { after: 1_024 })).toEqual([at('removed-events', 2)])
    expect(await briefly(store, { after: 4 * 1_024 })).toEqual([])
  })

  test('a forged event behind a hash chain is found', async () => {
    const namespace = randomUUID()
    await using store = await nats({ servers: server.url, namespace }).openStore({
      hashChain: true,
    })
    await store.append(alice, counted(1, 2), { expectedVersion: 0 })
    const header = headers()
    header.set('Aether-Version', '3')
    header.set('Nats-Expected-Last-Subject-Sequence', '1')
    const [, last] = await Array.fromAsync(store.read(alice))
    const body = {
      format: 1,
      id: 'c',
      time: last?.time,
      firstVersion: 3,
      events: [{ id: 'forged', type: 'A', data: 1, metadata: last?.metadata }],
    }
    await raw.request(`aether.${namespace}.event.account.alice`, JSON.stringify(body), {
      headers: header,
      timeout: 5_000,
    })
    expect(await briefly(store)).toEqual([at('hash-mismatch', 2)])
  })
})
