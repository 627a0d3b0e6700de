import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test as base, vi } from 'vitest'
import { AetherError, type ActorId, type ErrorCode, type NewEvent } from '../../../core/index.ts'
import {
  type AppendResult,
  CommitLogEventStore,
  type EventStore,
  type ExpectedVersion,
  type WriteOutcome,
} from '../../../store/index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { EventTable } from './event-table.ts'
import { sqlite } from '../sqlite-backend.ts'
import { SqliteCommitLog } from './sqlite-commit-log.ts'
import { SqliteSnapshotShelf } from '../shelves/sqlite-snapshot-shelf.ts'
import type { WriteRequest } from './write-request.ts'

const bounds = { maxCommitsPerTransaction: 512, maxWaitingCommits: 10_000, lockTimeoutMs: 10_000 }

/** The real table, which remembers how many commits came together. */
class WatchedTable extends EventTable {
  readonly groups: number[] = []

  override store(requests: readonly WriteRequest[]): WriteOutcome[] {
    const outcomes = super.store(requests)
    this.groups.push(requests.length)
    return outcomes
  }
}

interface Opened extends AsyncDisposable {
  readonly store: EventStore
  /** The store's own connection. */
  readonly db: DatabaseSync
  readonly groups: readonly number[]
}

interface Fixture {
  readonly file: string
  readonly open: (options?: Partial<typeof bounds>) => Opened
}

const test = base.extend<Fixture>({
  /** Holds the table, and no event. */
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.db')
    await (await sqlite(file).openStore()).close()
    await use(file)
  },
  open: async ({ file }, use) => {
    await use((options) => {
      const db = new DatabaseSync(file, { timeout: 0 })
      const table = new WatchedTable(db, file)
      const log = new SqliteCommitLog(table, { ...bounds, ...options })
      const shelf = new SqliteSnapshotShelf(new DatabaseSync(file), file, bounds.lockTimeoutMs)
      const store = new CommitLogEventStore(log, shelf)
      const { groups } = table
      return { store, db, groups, [Symbol.asyncDispose]: () => store.close() }
    })
  },
})

function happened(type = 'Noted', data: unknown = {}): NewEvent[] {
  return [{ type, data }]
}

/** Appends one event to each of these many actors, all at the same time. */
function appendToEach(
  store: EventStore,
  actors: number,
  expectedVersion: ExpectedVersion = 0,
): Promise<AppendResult>[] {
  return Array.from({ length: actors }, (_, n) =>
    store.append(`account-${n}`, happened(), { expectedVersion }),
  )
}

function codeOf(result: PromiseSettledResult<AppendResult>): ErrorCode | 'conflict' | number {
  if (result.status === 'fulfilled') return result.value.ok ? result.value.version : 'conflict'
  assert.ok(result.reason instanceof AetherError, String(result.reason))
  assert.doesNotMatch(result.reason.message, /\n/)
  return result.reason.code
}

async function codesOf(appends: readonly Promise<AppendResult>[]): Promise<unknown[]> {
  return (await Promise.allSettled(appends)).map(codeOf)
}

async function stored(store: EventStore): Promise<[ActorId, number][]> {
  const events = await Array.fromAsync(store.readAll())
  return events.map((event) => [event.actorId, event.version])
}

describe('appends at the same time', () => {
  test.for([50, 500])('%i, each to its own actor', async (count, { open }) => {
    await using opened = open()
    const results = await Promise.all(appendToEach(opened.store, count))
    assert.deepEqual(opened.groups, [count])
    // Stored in the order in which they were called.
    assert.deepEqual(
      results.map((result) => result.ok && result.position),
      Array.from({ length: count }, (_, n) => n + 1),
    )
    assert.deepEqual(
      await stored(opened.store),
      Array.from({ length: count }, (_, n) => [`account-${n}`, 1]),
    )
  })

  test.for([50, 500])('%i at the same version: one is stored', async (count, { open }) => {
    await using one = open()
    await using two = open()
    const results = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        (n % 2 ? one : two).store.append('account-x', happened(), { expectedVersion: 0 }),
      ),
    )
    assert.equal(results.filter((result) => result.ok).length, 1)
    for (const result of results) if (!result.ok) assert.equal(result.conflict.currentVersion, 1)
    assert.deepEqual(await stored(two.store), [['account-x', 1]])
  })

  test.for([50, 500])('%i to one actor at any version: all are', async (count, { open }) => {
    await using one = open()
    await using two = open()
    const results = await Promise.all(
      Array.from({ length: count }, (_, n) =>
        (n % 2 ? one : two).store.append('account-x', happened(), { expectedVersion: 'any' }),
      ),
    )
    const versions = Array.from({ length: count }, (_, n) => n + 1)
    const given = results.map((result) => (result.ok ? result.version : 0))
    assert.deepEqual(
      given.toSorted((a, b) => a - b),
      versions,
    )
    assert.deepEqual(
      await stored(one.store),
      versions.map((version) => ['account-x', version]),
    )
  })

  test('see each other inside one transaction', async ({ open }) => {
    await using opened = open()
    const codes = await codesOf(
      ([0, 1, 1, 'any', 3, 9] as const).map((expectedVersion) =>
        opened.store.append('account-x', happened(), { expectedVersion }),
      ),
    )
    assert.deepEqual(codes, [1, 2, 'conflict', 3, 4, 'conflict'])
    assert.deepEqual(opened.groups, [6])
  })

  test('come together again after each answer', async ({ open }) => {
    await using opened = open()
    await Promise.all(
      Array.from({ length: 64 }, async (_, n) => {
        for (let version = 0; version < 5; version++)
          await opened.store.append(`account-${n}`, happened(), { expectedVersion: version })
      }),
    )
    assert.deepEqual(opened.groups, [64, 64, 64, 64, 64])
  })

  test('come together on ways of different lengths', async ({ open }) => {
    await using opened = open()
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        for (let steps = 0; steps < n; steps++) await Promise.resolve()
        await opened.store.append(`account-${n}`, happened(), { expectedVersion: 0 })
      }),
    )
    assert.deepEqual(opened.groups, [20])
  })

  test('fill transactions up to their bound', async ({ open }) => {
    await using opened = open({ maxCommitsPerTransaction: 20 })
    assert.deepEqual(new Set(await codesOf(appendToEach(opened.store, 50))), new Set([1]))
    assert.deepEqual(opened.groups, [20, 20, 10])
  })

  test('make smaller transactions of larger commits', async ({ open }) => {
    await using opened = open()
    const events = Array.from({ length: 600 }, () => happened()).flat()
    const appends = [0, 600, 1_200].map((expectedVersion) =>
      opened.store.append('account-x', events, { expectedVersion }),
    )
    assert.deepEqual(await codesOf(appends), [600, 1_200, 1_800])
    assert.deepEqual(opened.groups, [2, 1])
  })
})

describe('an append', () => {
  test('that is alone waits for nobody', async ({ open }) => {
    await using opened = open()
    let isStored = false
    const append = opened.store.append('account-x', happened(), { expectedVersion: 0 })
    void append.then(() => (isStored = true))
    await turn()
    assert.ok(isStored)
  })

  test('after the other leaves turns to the rest of the program', async ({ open }) => {
    await using opened = open()
    let turns = 0
    let isDone = false
    const others = (async () => {
      for (; !isDone; turns++) await turn()
    })()
    for (let version = 0; version < 20; version++)
      await opened.store.append('account-x', happened(), { expectedVersion: version })
    isDone = true
    await others
    assert.ok(turns >= 20, `${turns} turns`)
  })

  test('is stored as it was when it was called', async ({ open }) => {
    await using opened = open()
    const data = { amount: 1 }
    const metadata = { userId: 'alice' }
    const events = [{ type: 'Noted', data, metadata }]
    const append = opened.store.append('account-x', events, { expectedVersion: 0 })
    data.amount = 2
    metadata.userId = 'bob'
    await append
    const [event] = await Array.fromAsync(opened.store.read('account-x'))
    assert.deepEqual(event?.data, { amount: 1 })
    assert.deepEqual(event?.metadata, { userId: 'alice' })
  })

  test('beyond the bound of waiting ones is refused, and only that', async ({ open }) => {
    await using opened = open({ maxWaitingCommits: 10 })
    const codes = await codesOf(appendToEach(opened.store, 12))
    assert.deepEqual(codes, [...Array<number>(10).fill(1), 'overloaded', 'overloaded'])
    assert.equal((await stored(opened.store)).length, 10)
    assert.deepEqual(await codesOf(appendToEach(opened.store, 3, 'any')), [2, 2, 2])
  })

  // FAIL, as the guard of the table raises it, leaves what the statements before it have done.
  test.for(['ABORT', 'FAIL'])(
    'that the file refuses by %s does not spoil its neighbours',
    async (kind, { file, open }) => {
      const other = new DatabaseSync(file)
      other.exec(`CREATE TRIGGER poison BEFORE INSERT ON event WHEN new.type = 'Poison'
      BEGIN SELECT RAISE(${kind}, 'poison'); END`)
      other.close()
      await using opened = open()
      const poison = [...happened(), ...happened('Poison')]
      const before = appendToEach(opened.store, 20)
      const poisoned = opened.store.append('account-x', poison, { expectedVersion: 0 })
      // Inside the transaction that fails it would have lost to the poison.
      const after = opened.store.append('account-x', happened(), { expectedVersion: 0 })
      const codes = await codesOf([...before, poisoned, after])
      assert.deepEqual(codes, [...Array<number>(20).fill(1), 'incompatible-store', 1])
      assert.equal((await stored(opened.store)).length, 21)
      // They are together again afterwards.
      assert.deepEqual(await codesOf(appendToEach(opened.store, 20, 1)), Array<number>(20).fill(2))
      assert.equal(opened.groups.at(-1), 20)
    },
  )

  test('that does not fit the disk is not stored, its neighbours are', async ({ open }) => {
    await using opened = open()
    const pages = Number(opened.db.prepare('PRAGMA page_count').get()?.['page_count'])
    opened.db.exec(`PRAGMA max_page_count = ${pages + 4}`)
    const large = happened('Large', 'x'.repeat(100_000))
    const before = appendToEach(opened.store, 5)
    const refused = opened.store.append('account-x', large, { expectedVersion: 0 })
    const after = opened.store.append('account-y', happened(), { expectedVersion: 0 })
    assert.deepEqual(await codesOf([...before, refused, after]), [
      ...Array<number>(5).fill(1),
      'store-unavailable',
      1,
    ])
    await assert.rejects(refused, /events\.db was not written, its disk is full: free some space/)
    opened.db.exec('PRAGMA max_page_count = 1000000')
    const again = opened.store.append('account-x', large, { expectedVersion: 0 })
    assert.deepEqual(await codesOf([again]), [1])
  })
})

describe('a lock of another process', () => {
  test('is waited for, and the event loop goes on', async ({ file }) => {
    await using store = await sqlite(file).openStore()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const appends = appendToEach(store, 50)
    for (let turns = 0; turns < 20; turns++) await turn()
    assert.deepEqual(await stored(store), [])
    // Only a loop that goes on comes here to give the lock back.
    other.exec('COMMIT')
    assert.deepEqual(new Set(await codesOf(appends)), new Set([1]))
    other.close()
  })

  test('does not hinder reads', async ({ file, open }) => {
    await using opened = open()
    await Promise.all(appendToEach(opened.store, 3))
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    assert.equal(await opened.store.latestVersion('account-1'), 1)
    assert.equal((await stored(opened.store)).length, 3)
    other.close()
  })

  test('fails, in the end, the appends that waited too long', async ({ file, open }) => {
    await using opened = open({ lockTimeoutMs: 1_000 })
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    try {
      const early = appendToEach(opened.store, 3)
      await turn()
      clock.mockReturnValue(500)
      const late = opened.store.append('account-late', happened(), { expectedVersion: 0 })
      await turn()
      clock.mockReturnValue(1_000)
      assert.deepEqual(await codesOf(early), Array<string>(3).fill('store-unavailable'))
      await assert.rejects(early[0] as Promise<unknown>, /events\.db stays locked by another/)
      other.exec('ROLLBACK')
      assert.deepEqual(await codesOf([late]), [1])
    } finally {
      clock.mockRestore()
    }
    assert.deepEqual(await stored(opened.store), [['account-late', 1]])
    other.close()
  })
})

describe('closing', () => {
  test('waits for the appends under way, also for those that look for repeats', async ({
    open,
  }) => {
    const { store } = open()
    const plain = appendToEach(store, 20)
    const repeatable = Array.from({ length: 20 }, (_, n) =>
      store.append('account-x', [{ id: `e-${n}`, type: 'Noted', data: {} }], {
        expectedVersion: 'any',
      }),
    )
    const closed = store.close()
    const codes = await codesOf([...plain, ...repeatable])
    await closed
    assert.deepEqual(codes.slice(0, 20), Array<number>(20).fill(1))
    assert.deepEqual(
      codes.slice(20).toSorted((a, b) => Number(a) - Number(b)),
      Array.from({ length: 20 }, (_, n) => n + 1),
    )
  })

  test('waits for a lock too', async ({ file, open }) => {
    const { store } = open()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    const appends = appendToEach(store, 3)
    const closed = store.close()
    await turn()
    other.close()
    await closed
    assert.deepEqual(await codesOf(appends), [1, 1, 1])
  })

  test('ends a read between two batches', async ({ open }) => {
    const { store } = open()
    const events = Array.from({ length: 700 }, () => happened()).flat()
    await store.append('account-x', events, { expectedVersion: 0 })
    const reading = store.read('account-x')[Symbol.asyncIterator]()
    await reading.next()
    await store.close()
    await assert.rejects(
      async () => {
        while (!(await reading.next()).done);
      },
      { code: 'closed' },
    )
  })

  test('may be asked twice, and nothing is written afterwards', async ({ file, open }) => {
    const { db } = open()
    const log = new SqliteCommitLog(new EventTable(db, file), bounds)
    await Promise.all([log.close(), log.close()])
    await log.close()
    await assert.rejects(log.write({ id: 'c', time: '', parts: [] }), { code: 'closed' })
    await assert.rejects(log.latestVersion('account-x', undefined), { code: 'closed' })
  })
})
