import { DatabaseSync } from 'node:sqlite'
import type { EventStore } from 'aether'
import { sqlite } from 'aether/sqlite'
import { type Contender, contender, inFlight, speed } from './comparison.ts'
import { group, nothingShared } from './group.ts'
import { loopDelayP99Ms } from './loop-delay.ts'
import { data, placed } from './sample.ts'
import { scaled } from './scale.ts'
import { temporaryFile } from './temporary-file.ts'

const schema = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE event (position INTEGER PRIMARY KEY, actor TEXT, version INTEGER, data TEXT, UNIQUE (actor, version)) STRICT
`

const onlyOne = scaled(1_000)

export const sqliteGroup = group({
  name: 'SQLite',
  remarks: ['WAL, `synchronous = FULL` on both sides: an append is on disk when it is answered.'],
  open: nothingShared,
  comparisons: [
    {
      name: 'durable append, one at a time, against a raw fsynced transaction each',
      unit: 'appends/s',
      target: { atLeast: 0.7 },
      start: async () => ({
        ours: await appends(onlyOne, 1),
        reference: await rawTransactions(onlyOne),
      }),
    },
    {
      name: 'durable append, 64 in flight, against one at a time',
      unit: 'appends/s',
      target: { atLeast: 8 },
      start: async () => ({
        ours: await appends(scaled(10_000), 64),
        reference: await appends(onlyOne, 1),
      }),
    },
    {
      name: 'durable append, 500 in flight, against one at a time',
      unit: 'appends/s',
      target: { atLeast: 15 },
      start: async () => ({
        ours: await appends(scaled(20_000), 500),
        reference: await appends(onlyOne, 1),
      }),
    },
    {
      name: 'loading 1,000 events of one actor, against raw select and JSON.parse',
      unit: 'events/s',
      target: { atLeast: 0.8 },
      start: async () => ({
        ours: await loads(scaled(50)),
        reference: await rawLoads(scaled(50)),
      }),
    },
    {
      name: 'event loop delay at p99 with 64 appends in flight',
      unit: 'ms',
      start: async () => ({ ours: await loopDelay(scaled(20_000), 64) }),
    },
  ],
})

async function onStore(
  run: (store: EventStore) => Promise<number>,
  fill?: (store: EventStore) => Promise<unknown>,
): Promise<Contender> {
  const { file, remove } = await temporaryFile('events.db')
  const store = await sqlite(file).openStore()
  await fill?.(store)
  return contender(
    () => speed(() => run(store)),
    async () => {
      await store.close()
      await remove()
    },
  )
}

async function onDatabase(
  run: (db: DatabaseSync) => number,
  fill?: (db: DatabaseSync) => void,
): Promise<Contender> {
  const { file, remove } = await temporaryFile('events.db')
  const db = new DatabaseSync(file)
  db.exec(schema)
  fill?.(db)
  return contender(
    () => speed(async () => run(db)),
    async () => {
      db.close()
      await remove()
    },
  )
}

/** How long other work waits while so many appends are under way. */
async function loopDelay(count: number, width: number): Promise<Contender> {
  const { file, remove } = await temporaryFile('events.db')
  const store = await sqlite(file).openStore()
  let actors = 0
  const append = (): Promise<unknown> =>
    store.append(`order-${actors++}`, [placed], { expectedVersion: 0 })
  return contender(
    async () => ({ value: await loopDelayP99Ms(() => inFlight(count, width, append)) }),
    async () => {
      await store.close()
      await remove()
    },
  )
}

/** Every append is to an actor of its own, and durable before the next one of its worker. */
function appends(count: number, width: number): Promise<Contender> {
  let actors = 0
  return onStore((store) =>
    inFlight(count, width, () =>
      store.append(`order-${actors++}`, [placed], { expectedVersion: 0 }),
    ),
  )
}

/** One event a transaction, each on disk before the next one. */
export function rawTransactions(count: number): Promise<Contender> {
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
      for (let i = 0; i < times; i++) events += (await store.read('order-1').toArray()).length
      return events
    },
    (store) =>
      store.append(
        'order-1',
        Array.from({ length: eventsOfOne }, () => placed),
        { expectedVersion: 0 },
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
