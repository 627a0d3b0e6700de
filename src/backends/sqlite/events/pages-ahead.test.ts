import { channel } from 'node:diagnostics_channel'
import { readdir, rename } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { until } from '../../../../test/support/until.ts'
import { silentLogger } from '../../../core/index.ts'
import type { EventStore, LogEntry, ReadAllOptions } from '../../../store/index.ts'
import { sqlite } from '../sqlite-backend.ts'
import { SharedPageThread } from './shared-page-thread.ts'

const eventCount = 60_000
const largeAt = 40_000
const damagedAt = 45_000

/** A thread that reads, and how often it has answered. */
interface Seen {
  readonly worker: Worker
  answers: number
}

/** Of two types of actors in turn, and among them what is large and what is damaged. */
function fill(file: string): void {
  using db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ${eventCount})
    INSERT INTO event (actor, version, id, type, time, data, metadata)
      SELECT iif(i % 2, 'order-', 'item-') || (i % 100), (i - 1) / 100 + 1, 'id-' || i, 'Noted',
        '2026-11-23T00:00:' || format('%02d', i / 1000 % 60) || '.000Z',
        CASE i WHEN ${largeAt} THEN json_quote(printf('%.*c', 100000, 'x')) WHEN ${damagedAt} THEN '{"number":'
          ELSE json_object('number', i, 'note', iif(i % 3, 'plain', 'é "quoted"' || char(10))) END,
        iif(i % 7, '{}', json_object('by', 'Ann'))
      FROM number`)
}

async function longLog() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const file = join(folder.path, 'events.db')
  const store = stack.use(await sqlite(file).openStore())
  fill(file)
  const threads: Seen[] = []
  const note = (message: unknown): void => {
    const seen = { worker: (message as { worker: Worker }).worker, answers: -1 }
    seen.worker.on('message', () => seen.answers++)
    threads.push(seen)
  }
  channel('worker_threads').subscribe(note)
  stack.defer(() => {
    channel('worker_threads').unsubscribe(note)
  })
  const all = stack.move()
  return {
    folder: folder.path,
    file,
    store,
    threads,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Rests at times, as a reader does that has something to do: so a thread has started soon. */
async function* slowly(store: EventStore, options: ReadAllOptions = {}): AsyncGenerator<LogEntry> {
  let count = 0
  for await (const entry of store.readAll({ ...options, onMalformed: 'collect' })) {
    if (++count % 2_000 === 0) await sleep(20)
    yield entry
  }
}

/** In pieces that are too short for a thread. */
async function inPieces(store: EventStore, options: ReadAllOptions = {}): Promise<LogEntry[]> {
  const all: LogEntry[] = []
  for (;;) {
    const range = { ...options, after: all.at(-1)?.position ?? 0, limit: 5_000 }
    const some = await store.readAll({ ...range, onMalformed: 'collect' }).toArray()
    if (some.length === 0) return all
    all.push(...some)
  }
}

function ended({ worker }: Seen): Promise<unknown> {
  return until(() => worker.threadId < 0, { description: 'the thread has ended' })
}

describe.skipIf(availableParallelism() < 2)('where there are several cores', () => {
  test('a long read of the log is helped by a thread, and gives the same', async () => {
    await using log = await longLog()
    for (const filter of [{}, { actorTypes: ['item'] }, { key: '*7' }]) {
      const expected = await inPieces(log.store, { filter })
      expect(log.threads).toEqual([])
      expect(await Array.fromAsync(slowly(log.store, { filter }))).toEqual(expected)
      const thread = log.threads.pop() as Seen
      expect(thread.answers).toBeGreaterThan(15)
      await ended(thread)
    }
  })

  test('what is stored during a long read is given, too', async () => {
    await using log = await longLog()
    const positions: number[] = []
    for await (const { position } of slowly(log.store)) {
      positions.push(position)
      if (position % 10_000 !== 0 || position >= eventCount) continue
      await log.store.append('late-1', [{ type: 'Came', data: position }], {
        expectedVersion: 'any',
      })
    }
    expect(log.threads[0]?.answers).toBeGreaterThan(0)
    expect(positions).toEqual(Array.from({ length: eventCount + 5 }, (_, index) => index + 1))
  })

  test('long reads share a thread, and whoever leaves last ends it', async () => {
    await using log = await longLog()
    const ending = new AbortController()
    const read = slowly(log.store)
    const other = slowly(log.store, { signal: ending.signal })
    for (let count = 0; count < 20_000; count++) await Promise.all([read.next(), other.next()])
    const [thread, ...others] = log.threads as [Seen]
    expect(others).toEqual([])
    ending.abort(new Error('enough'))
    await expect(Array.fromAsync(other)).rejects.toThrow('enough')
    const { answers } = thread
    for (let count = 0; count < 5_000; count++) await read.next()
    expect(thread.answers).toBeGreaterThan(answers)
    await read.return(undefined)
    await ended(thread)
  })

  test('a thread that ends in the middle of a read is done without', async () => {
    await using log = await longLog()
    let count = 0
    for await (const _ of slowly(log.store)) {
      if (++count === 30_000) await log.threads[0]?.worker.terminate()
    }
    expect(log.threads[0]?.answers).toBeGreaterThan(0)
    expect(count).toBe(eventCount)
  })

  test('a store that is closed during a long read leaves nothing beside the file', async () => {
    await using log = await longLog()
    let count = 0
    const reading = (async () => {
      for await (const _ of slowly(log.store)) {
        if (++count === 30_000) void log.store.close()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'closed' })
    await log.store.close()
    expect(log.threads[0]?.answers).toBeGreaterThan(0)
    expect(await readdir(log.folder)).toEqual(['events.db'])
  })

  test('a file that is not the one that was opened is not read on', async () => {
    await using log = await longLog()
    let count = 0
    const reading = (async () => {
      for await (const _ of slowly(log.store)) {
        if (++count === 30_000) await rename(log.file, `${log.file}.moved`)
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(count).toBeLessThan(eventCount)
  })
})

test('a single core has no use for a second thread', async () => {
  const shared = new SharedPageThread('events.db', { logger: silentLogger, cores: 1 })
  expect(shared.enter()).toBeUndefined()
  shared.leave()
  await shared.close()
})

test('a thread that fails is told of once, and not tried again', async () => {
  await using folder = await temporaryFolder()
  const warnings: string[] = []
  const logger = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text) }
  const shared = new SharedPageThread(join(folder.path, 'missing.db'), { logger, cores: 2 })
  const thread = shared.enter()
  await until(() => warnings.length > 0, { description: 'it was told' })
  expect(warnings).toEqual([expect.stringContaining('missing.db is read without a second thread')])
  expect(thread?.isReady).toBe(false)
  expect(await thread?.rowsOf({ rows: 'SELECT 1', others: '', values: [[]] })).toBeUndefined()
  shared.leave()
  expect(shared.enter()).toBeUndefined()
  await shared.close()
  expect(warnings).toHaveLength(1)
})

test('a query that fails is answered with nothing, and the next one as ever', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using _store = await sqlite(file).openStore()
  const shared = new SharedPageThread(file, { logger: silentLogger, cores: 2 })
  const thread = shared.enter()
  await until(() => thread?.isReady, { description: 'it has started' })
  const failing = thread?.rowsOf({ rows: 'SELECT * FROM nothing', others: '', values: [[]] })
  const next = thread?.rowsOf({
    rows: `SELECT '[1]', '["a-1"]', '[2]', '["b"]', '["c"]', '["d"]', '["{}"]', ?`,
    others: '',
    values: [['true']],
  })
  expect(await failing).toBeUndefined()
  expect(await next).toMatchObject([
    { actors: '["a-1"]', ids: '["b"]', data: '[true]', others: [] },
  ])
  await shared.close()
})
