import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { EventStore } from 'aether'
import { sqlite } from 'aether/sqlite'
import { type Comparison, type Contender, inFlight } from './comparison.ts'

/** 260 bytes of JSON, the size that the targets speak of. */
const data = { order: 'order-1', note: 'x'.repeat(200), amount: 12.5, paid: false }

const schema = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE event (position INTEGER PRIMARY KEY, actor TEXT, version INTEGER, data TEXT, UNIQUE (actor, version)) STRICT
`

export const sqliteComparisons: readonly Comparison[] = [
  {
    name: 'SQLite: durable append, one at a time, against a raw fsynced transaction each',
    unit: 'appends',
    target: 0.7,
    start: async () => ({ ours: await appends(1_000, 1), reference: await rawTransactions(1_000) }),
  },
  {
    name: 'SQLite: durable append, 64 in flight, against one at a time',
    unit: 'appends',
    target: 8,
    start: async () => ({ ours: await appends(10_000, 64), reference: await appends(1_000, 1) }),
  },
  {
    name: 'SQLite: durable append, 500 in flight, against one at a time',
    unit: 'appends',
    target: 15,
    start: async () => ({ ours: await appends(20_000, 500), reference: await appends(1_000, 1) }),
  },
  {
    name: 'SQLite: loading 1,000 events of one actor, against raw select and JSON.parse',
    unit: 'events',
    target: 0.8,
    start: async () => ({ ours: await loads(50), reference: await rawLoads(50) }),
  },
]

interface Place extends AsyncDisposable {
  readonly file: string
}

async function place(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'aether-bench-'))
  return {
    file: join(folder, 'events.db'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function onStore(
  run: (store: EventStore) => Promise<number>,
  fill?: (store: EventStore) => Promise<unknown>,
): Promise<Contender> {
  const { file, [Symbol.asyncDispose]: remove } = await place()
  const store = await sqlite(file).openStore()
  await fill?.(store)
  return {
    run: () => run(store),
    async [Symbol.asyncDispose]() {
      await store.close()
      await remove()
    },
  }
}

async function onDatabase(
  run: (db: DatabaseSync) => number,
  fill?: (db: DatabaseSync) => void,
): Promise<Contender> {
  const { file, [Symbol.asyncDispose]: remove } = await place()
  const db = new DatabaseSync(file)
  db.exec(schema)
  fill?.(db)
  return {
    run: async () => run(db),
    async [Symbol.asyncDispose]() {
      db.close()
      await remove()
    },
  }
}

/** Every append is to an actor of its own, and durable before the next one of its worker. */
function appends(count: number, width: number): Promise<Contender> {
  let actors = 0
  return onStore((store) =>
    inFlight(count, width, () =>
      store.append(`order-${actors++}`, [{ type: 'Placed', data }], { expectedVersion: 0 }),
    ),
  )
}

function rawTransactions(count: number): Promise<Contender> {
  let actors = 0
  return onDatabase((db) => {
    const insert = db.prepare('INSERT INTO event (actor, version, data) VALUES (?, 1, ?)')
    for (let i = 0; i < count; i++) insert.run(`order-${actors++}`, JSON.stringify(data))
    return count
  })
}

const eventsOfOne = 1_000

function loads(times: number): Promise<Contender> {
  return onStore(
    async (store) => {
      let events = 0
      for (let i = 0; i < times; i++) for await (const _ of store.read('order-1')) events++
      return events
    },
    (store) =>
      store.append(
        'order-1',
        Array.from({ length: eventsOfOne }, () => ({ type: 'Placed', data })),
        {
          expectedVersion: 0,
        },
      ),
  )
}

function rawLoads(times: number): Promise<Contender> {
  return onDatabase(
    (db) => {
      const select = db.prepare('SELECT * FROM event WHERE actor = ? ORDER BY version')
      let events = 0
      for (let i = 0; i < times; i++) {
        for (const row of select.all('order-1')) {
          JSON.parse(row['data'] as string)
          events++
        }
      }
      return events
    },
    (db) => {
      const insert = db.prepare('INSERT INTO event (actor, version, data) VALUES (?, ?, ?)')
      db.exec('BEGIN')
      for (let version = 1; version <= eventsOfOne; version++)
        insert.run('order-1', version, JSON.stringify(data))
      db.exec('COMMIT')
    },
  )
}
