import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import {
  actorId,
  type ActorId,
  type EventStore,
  exportEvents,
  type ExportProgress,
  type ImportOptions,
  importEvents,
  type ImportReport,
  type JsonValue,
  type MalformedEventError,
  type StoredEvent,
  type VersionedEvent,
} from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { fc } from '../support/fast-check.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { nastyJson, nastyKeys } from '../support/nasty-inputs.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const keys = nastyKeys.filter(({ isKey }) => isKey).map(({ key }) => key)
const nastyData = nastyJson.flatMap((text): JsonValue[] => {
  const isRefused = /__proto__|NaN|1e400|9007199254740993|^\[{9}/.test(text)
  return isRefused ? [] : [JSON.parse(text) as JsonValue]
})

/** What a write to a store that is to be moved says. */
interface Write {
  readonly actorId: ActorId
  /** How many versions stay unused before it. */
  readonly gap: number
  readonly events: readonly Omit<VersionedEvent, 'version'>[]
}

const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    ...keys.filter((key) => key.length <= 200),
    '\\',
    '\\u0041',
    '\u0085',
    '\ufffe',
    '\u{10ffff}',
  ),
)
const wellFormed = text.map((value) => value.toWellFormed())
const anyText = fc.oneof(text, fc.constantFrom('', '\ud800', 'a\udc00b', ' '), fc.string())
const data = fc.oneof(
  fc.constantFrom(...nastyData),
  // No store takes that key.
  fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(Number),
)
const metadata = fc.dictionary(
  fc.oneof(
    fc.constantFrom('correlationId', 'causationId', 'traceparent', 'tracestate', 'userId', 'hash'),
    anyText.filter((name) => name !== '__proto__'),
  ),
  fc.oneof(anyText, fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')),
  { maxKeys: 5 },
)
const time = fc
  .date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString())
const event = fc.record({ type: wellFormed, data, metadata, time })
const writes: fc.Arbitrary<readonly Write[]> = fc.array(
  fc.record({
    actorId: fc
      .record({
        type: fc.constantFrom('order', 'Konto_2'),
        key: fc.constantFrom(...keys.slice(0, 40)),
      })
      .map(({ type, key }) => actorId(type, key)),
    gap: fc.constantFrom(0, 0, 0, 1, 1_000),
    events: fc.array(event, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
)

describe('a log that is moved from backend to backend', () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await startNatsServer()
  })
  afterAll(() => server.stop())

  test('keeps everything but positions, in its order', async () => {
    await using folder = await temporaryFolder()
    const file = (): string => join(folder.path, `${randomUUID()}.db`)
    await fc.assert(
      fc.asyncProperty(
        writes,
        wellFormed,
        fc.constantFrom(1, 3, 20, 500),
        async (log, id, most) => {
          await using first = await memory().openStore()
          await fill(first, log, id)
          const original = await eventsOf(first)
          let from: EventStore = first
          await using stack = new AsyncDisposableStack()
          for (const backend of [
            sqlite(file()),
            nats({ servers: server.url, namespace: randomUUID() }),
            sqlite(file()),
          ]) {
            const to = stack.use(await backend.openStore())
            const report = await importEvents(to, linesOf(from), { maxEventsPerCommit: most })
            expect(report).toEqual({
              lines: original.length,
              imported: original.length,
              present: 0,
            })
            expect(await eventsOf(to)).toEqual(original)
            expect(await linesWithoutPositions(to)).toEqual(await linesWithoutPositions(first))
            from = to
          }
          const again = await importEvents(from, linesOf(first), { maxEventsPerCommit: most })
          expect(again).toMatchObject({ imported: 0, present: original.length })
          expect(await eventsOf(from)).toEqual(original)
        },
      ),
      { numRuns: 8 },
    )
  })
})

describe('a line of an export', () => {
  test('is a CloudEvent 1.0', async () => {
    await using store = await memory().openStore()
    await store.save(actorId('order', 'Zoë\r\n'), {
      id: 'e\n1',
      version: 3,
      type: 'Sent',
      time: '2026-11-21T20:00:00.000Z',
      data: { to: 'Zoë' },
      metadata: {
        correlationId: 'c',
        causationId: 'before',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=b',
        userId: 'Zoë',
      },
    })
    const [line] = await Array.fromAsync(exportEvents(store))
    expect(JSON.parse(line ?? '')).toEqual({
      specversion: '1.0',
      id: 'e\\u000a1',
      source: '/aether/order/Zo=C3=AB=0D=0A',
      type: 'Sent',
      subject: 'order-Zoë\\u000d\\u000a',
      time: '2026-11-21T20:00:00.000Z',
      datacontenttype: 'application/json',
      aetherversion: '3',
      aetherposition: '1',
      correlationid: 'c',
      causationid: 'before',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
      aethermetadata: String.raw`{"userId":"Zo\u00eb"}`,
      data: { to: 'Zoë' },
    })
  })

  test('has attribute names and texts that CloudEvents allow', async () => {
    await fc.assert(
      fc.asyncProperty(writes, wellFormed, async (log, id) => {
        await using store = await memory().openStore()
        await fill(store, log, id)
        for await (const line of exportEvents(store)) {
          expect(line).not.toMatch(/[\r\n]/)
          const { data: _data, ...attributes } = JSON.parse(line) as Record<string, unknown>
          for (const [name, value] of Object.entries(attributes)) {
            expect(name).toMatch(/^[a-z0-9]{1,20}$/)
            expect(value).toMatch(/^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]+$/u)
          }
          expect(attributes.source).toMatch(/^\/aether\/\w+\/[\w/=-]+$/)
        }
      }),
    )
  })
})

test('a line of an export is one line to whoever reads lines', async () => {
  const data = { 'a\u2028': 'b\u2029c\u0085d\n\r' }
  await using from = await memory().openStore()
  await from.append('a-\u2028', [{ id: '\u2028', type: '\u2029', data }], { expectedVersion: 0 })
  const [line = ''] = await Array.fromAsync(exportEvents(from))
  expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/)
  await using to = await memory().openStore()
  await importEvents(to, [line])
  expect(await eventsOf(to)).toEqual(await eventsOf(from))
})

describe('an export', () => {
  test('begins behind a position, keeps to its filter and limit, and tells how far it got', async () => {
    await using store = await memory().openStore()
    for (let n = 0; n < 2_500; n++)
      await store.append(`${n % 2 ? 'a' : 'b'}-1`, [{ type: 'A', data: n }], {
        expectedVersion: 'any',
      })
    const progress: ExportProgress[] = []
    const options = {
      after: 10,
      filter: { actorTypes: ['a'] },
      onProgress: (each: ExportProgress) => void progress.push(each),
    }
    const lines = await Array.fromAsync(exportEvents(store, options))
    expect(lines.map((line) => (JSON.parse(line) as { data: number }).data)).toEqual(
      Array.from({ length: 1_245 }, (_, index) => 11 + 2 * index),
    )
    expect(progress).toEqual([
      { events: 1_000, position: 2_010 },
      { events: 1_245, position: 2_500 },
    ])
    expect(await Array.fromAsync(exportEvents(store, { ...options, limit: 3 }))).toEqual(
      lines.slice(0, 3),
    )
    expect(await Array.fromAsync(exportEvents(store, { limit: 0 }))).toEqual([])
  })

  test('stops at an event that cannot be read, or skips and tells it', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await using store = await sqlite(file).openStore()
    await store.append(
      'a-1',
      [1, 2, 3].map((n) => ({ type: 'A', data: n })),
      { expectedVersion: 0 },
    )
    damage(file, `UPDATE event SET data = '{' WHERE position IN (2, 3)`)
    const lines: string[] = []
    const stopped = async (): Promise<void> => {
      for await (const line of exportEvents(store)) lines.push(line)
    }
    await expect(stopped()).rejects.toMatchObject({ code: 'malformed-event', position: 2 })
    expect(lines).toHaveLength(1)
    const skipped: MalformedEventError[] = []
    const progress: ExportProgress[] = []
    const rest = await Array.fromAsync(
      exportEvents(store, {
        onMalformed: 'skip',
        onSkipped: (error) => void skipped.push(error),
        onProgress: (each) => void progress.push(each),
      }),
    )
    expect(rest).toEqual(lines)
    expect(skipped.map(({ position }) => position)).toEqual([2, 3])
    expect(progress.at(-1)).toEqual({ events: 1, position: 3 })
  })
})

describe.each(backendKinds.slice(0, 3))('an import into $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('goes on where another was cut off, wherever that was', async () => {
    await using from = await sample()
    const lines = await Array.fromAsync(exportEvents(from))
    for (const cut of [0, 1, 4, 7, lines.length - 1]) {
      await using to = await source.fresh().openStore()
      const begun = await importEvents(to, lines.slice(0, cut))
      expect(begun).toEqual({ lines: cut, imported: cut, present: 0 })
      const report = await importEvents(to, lines)
      expect(report).toEqual({ lines: lines.length, imported: lines.length - cut, present: cut })
      expect(await eventsOf(to)).toEqual(await eventsOf(from))
    }
  })

  test('stores the lines of many actors at once, in their order', async () => {
    await using from = await memory().openStore()
    for (let n = 0; n < 120; n++) {
      const events = [1, 2].map(() => ({ type: 'A', data: n }))
      await from.append(`a-${n % 40}`, events, { expectedVersion: 'any' })
    }
    await using to = await source.fresh().openStore()
    const sizes: number[] = []
    to.onStored(({ length }) => sizes.push(length))
    await importEvents(to, exportEvents(from), { maxEventsPerCommit: 60 })
    expect(sizes).toEqual([60, 60, 60, 60])
    expect(await eventsOf(to)).toEqual(await eventsOf(from))
  })

  test('refuses other content under a version that is there, and says in which line', async () => {
    await using from = await sample()
    const lines = await Array.fromAsync(exportEvents(from))
    await using to = await source.fresh().openStore()
    await importEvents(to, lines.slice(0, 6))
    const changes: Record<string, unknown> = {
      id: 'other',
      type: 'Other',
      data: 'other',
      time: '1999-01-01T00:00:00.000Z',
      correlationid: 'other',
    }
    for (const [name, value] of Object.entries(changes)) {
      const wrong = lines.with(3, changed(lines[3], { [name]: value }))
      await expect(importEvents(to, wrong)).rejects.toMatchObject({
        code: 'import-refused',
        line: 4,
      })
      expect(await eventsOf(to)).toHaveLength(6)
    }
    const behind = lines.with(3, changed(lines[3], { aetherversion: '1', id: 'other' }))
    await expect(importEvents(to, behind)).rejects.toMatchObject({ line: 4 })
  })

  test('imports what stands before a line that it refuses, and nothing behind it', async () => {
    await using from = await sample()
    const lines = await Array.fromAsync(exportEvents(from))
    const refused = [
      '{',
      'null',
      '[]',
      '1',
      changed(lines[6], { specversion: '0.3' }),
      changed(lines[6], { specversion: undefined }),
      changed(lines[6], { id: undefined }),
      changed(lines[6], { id: '' }),
      changed(lines[6], { id: 'a\\' }),
      changed(lines[6], { id: 'a\n' }),
      changed(lines[6], { id: 'x'.repeat(201) }),
      changed(lines[6], { type: 5 }),
      changed(lines[6], { source: '/other/order/1' }),
      changed(lines[6], { source: '/aether/order/' }),
      changed(lines[6], { source: '/aether/order/a.b' }),
      changed(lines[6], { source: '/aether/order/=41' }),
      changed(lines[6], { source: '/aether/9/1' }),
      changed(lines[6], { subject: 'order-other' }),
      changed(lines[6], { time: '2026-11-21' }),
      changed(lines[6], { time: undefined }),
      changed(lines[6], { datacontenttype: 'text/plain' }),
      changed(lines[6], { data: undefined }),
      changed(lines[6], { data: undefined, data_base64: 'AA==' }),
      changed(lines[6], { data: JSON.parse('['.repeat(65) + ']'.repeat(65)) }),
      changed(lines[6], { aetherversion: 1 }),
      changed(lines[6], { aetherversion: '0' }),
      changed(lines[6], { aetherversion: '1.5' }),
      changed(lines[6], { aetherversion: undefined }),
      changed(lines[6], { aethermetadata: '[]' }),
      changed(lines[6], { aethermetadata: '{"a":1}' }),
      changed(lines[6], { aethermetadata: '{"correlationId":"x"}', correlationid: 'y' }),
      changed(lines[6], { aethermetadata: '{"__proto__":"x"}' }),
      changed(lines[6], { other: 'lost' }),
    ]
    for (const line of refused) {
      await using to = await source.fresh().openStore()
      const reports: ImportReport[] = []
      const importing = importEvents(to, ['', ...lines.with(6, line)], {
        onProgress: (report) => void reports.push(report),
      })
      await expect(importing, line.slice(0, 200)).rejects.toMatchObject({
        code: 'import-refused',
        line: 8,
      })
      expect(
        (await eventsOf(to)).map(({ id }) => id),
        line.slice(0, 200),
      ).toEqual((await eventsOf(from)).slice(0, 6).map(({ id }) => id))
      expect(
        reports.reduce((most, { imported }) => Math.max(most, imported), 0),
      ).toBeLessThanOrEqual(6)
    }
  })

  test('imports what stands before a line that contradicts what is there', async () => {
    await using from = await memory().openStore()
    const actors: readonly ActorId[] = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']
    for (const each of actors)
      await from.append(each, [{ type: 'A', data: each }], { expectedVersion: 0 })
    await using to = await source.fresh().openStore()
    const taken = [{ type: 'B', data: 'other' }]
    for (const each of ['a-5', 'a-3'] as const) await to.append(each, taken, { expectedVersion: 0 })
    const importing = importEvents(to, exportEvents(from))
    await expect(importing).rejects.toMatchObject({ code: 'import-refused', line: 3 })
    const imported = await Array.fromAsync(to.readAll({ filter: { eventTypes: ['A'] } }))
    expect(imported.map(({ data }) => data)).toEqual(['a-1', 'a-2'])
  })

  test('takes events that are too large for one commit', async () => {
    await using from = await memory().openStore()
    const large = Array.from({ length: 12 }, (_, n) => ({
      type: 'A',
      data: `${n}`.repeat(150_000),
    }))
    for (const event of large) await from.append('a-1', [event], { expectedVersion: 'any' })
    await using to = await source.fresh().openStore()
    const report = await importEvents(to, exportEvents(from))
    expect(report).toEqual({ lines: 12, imported: 12, present: 0 })
    expect(await eventsOf(to)).toEqual(await eventsOf(from))
  })

  test('gives way to others that write meanwhile, if they write the same', async () => {
    await using from = await sample()
    const lines = await Array.fromAsync(exportEvents(from))
    const backend = source.fresh()
    await using one = await backend.openStore()
    await using two = await backend.openStore()
    const options: ImportOptions = { maxEventsPerCommit: 2 }
    const reports = await Promise.all([
      importEvents(one, lines, options),
      importEvents(two, lines, options),
    ])
    expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(lines.length)
    expect((await eventsOf(one)).toSorted(byActor)).toEqual(
      (await eventsOf(from)).toSorted(byActor),
    )
  })
})

test('an import ends with its signal, and tells how far it got', async () => {
  await using from = await sample()
  await using to = await memory().openStore()
  const abort = new AbortController()
  const importing = importEvents(to, exportEvents(from), {
    maxEventsPerCommit: 2,
    signal: abort.signal,
    onProgress: ({ imported }) => {
      if (imported >= 4) abort.abort(new Error('enough'))
    },
  })
  await expect(importing).rejects.toThrow('enough')
  expect(await eventsOf(to)).toHaveLength(4)
})

test('lines that follow each other are imported in few commits', async () => {
  await using from = await memory().openStore()
  for (let n = 0; n < 1_000; n++)
    await from.append(`a-${n % 200}`, [{ type: 'A', data: n }], { expectedVersion: 'any' })
  await using to = await memory().openStore()
  let commits = 0
  to.onStored(() => commits++)
  await importEvents(to, exportEvents(from))
  expect(commits).toBe(5)
})

test('lines that are large are imported a few at a time, as they are in memory together', async () => {
  await using from = await memory().openStore()
  for (let n = 0; n < 9; n++)
    await from.append(`a-${n}`, [{ type: 'A', data: 'x'.repeat(1_500_000) }], {
      expectedVersion: 0,
    })
  await using to = await memory().openStore()
  const sizes: number[] = []
  to.onStored(({ length }) => sizes.push(length))
  await importEvents(to, exportEvents(from))
  expect(sizes).toEqual([3, 3, 3])
})

/** Ten events of three actors. */
async function sample(): Promise<EventStore> {
  const store = await memory().openStore()
  for (const [key, count] of [
    ['1', 2],
    ['2', 1],
    ['1', 3],
    ['3', 1],
    ['2', 3],
  ] as const) {
    const events = Array.from({ length: count }, (_, n) => ({
      type: 'A',
      data: n,
      metadata: { correlationId: 'c' },
    }))
    await store.append(actorId('order', key), events, { expectedVersion: 'any' })
  }
  return store
}

async function fill(store: EventStore, log: readonly Write[], idSuffix: string): Promise<void> {
  let count = 0
  for (const { actorId: id, gap, events } of log) {
    const first = (await store.latestVersion(id)) + gap + 1
    await store.save(
      id,
      events.map((each, index) => ({
        ...each,
        id: `${count++}${idSuffix}`,
        version: first + index,
      })),
    )
  }
}

async function eventsOf(store: EventStore): Promise<Omit<StoredEvent, 'position'>[]> {
  const events = await Array.fromAsync(store.readAll())
  return events.map(({ position: _position, ...each }) => each)
}

function linesOf(store: EventStore): AsyncIterable<string> {
  return exportEvents(store)
}

async function linesWithoutPositions(store: EventStore): Promise<string[]> {
  const lines = await Array.fromAsync(exportEvents(store))
  return lines.map((line) => line.replace(/"aetherposition":"\d+"/, ''))
}

function changed(line: string | undefined, members: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(line ?? '') as object), ...members })
}

function byActor(one: { actorId: string; version: number }, other: typeof one): number {
  return one.actorId.localeCompare(other.actorId) || one.version - other.version
}

function damage(file: string, statement: string): void {
  const db = new DatabaseSync(file)
  db.exec(`DROP TRIGGER event_refuses_update; ${statement}`)
  db.close()
}
