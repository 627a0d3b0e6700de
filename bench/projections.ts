import { DatabaseSync } from 'node:sqlite'
import { actor, type ActorId, open, projection, type ProjectionDefinition } from 'aether'
import { sqlite, sqliteTables } from 'aether/sqlite'
import * as z from 'zod'
import { type Contender, contender, speed } from './comparison.ts'
import { group } from './group.ts'
import { data, placed } from './sample.ts'
import { scaled } from './scale.ts'
import { temporaryFile } from './temporary-file.ts'

const events = scaled(1_000_000)
const actors = scaled(10_000)
const eventsOfCommit = Math.min(actors, 1_000)
/** How many events a projection handles and stores at once. */
const rowsOfTransaction = 1_000

const Order = actor('order', {
  state: {},
  events: {
    Placed: z.object({
      order: z.string(),
      note: z.string(),
      amount: z.number(),
      paid: z.boolean(),
    }),
  },
  evolve: { Placed: () => ({}) },
  commands: {},
})

const columns =
  'position INTEGER PRIMARY KEY, id TEXT NOT NULL, amount REAL NOT NULL, note TEXT NOT NULL'

/** A log that is read again and again. */
interface Log extends AsyncDisposable {
  readonly file: string
}

export const projectionGroup = group<Log>({
  name: 'Projections',
  remarks: [
    `A log in SQLite, of ${events.toLocaleString('en')} events of ${actors.toLocaleString('en')} actors. A projection holds each event against the schema of its actor, and stores how far it is every ${rowsOfTransaction.toLocaleString('en')} events.`,
    'Rows are written in WAL with `synchronous = NORMAL` on both sides, in transactions of the same size.',
  ],
  open: filledLog,
  comparisons: [
    {
      name: 'a projection catching up with a handler that does nothing, against reading the log',
      unit: 'events/s',
      target: { atLeast: 0.8 },
      start: async (log) => ({
        ours: projecting(log, doesNothing),
        reference: await reading(log),
      }),
    },
    {
      name: 'a projection writing one row an event to SQLite, against the raw batched writes alone',
      unit: 'events/s',
      target: { atLeast: 0.6 },
      start: async (log) => ({ ours: projecting(log, writesRows), reference: rawWrites() }),
    },
    {
      name: 'the same against raw selects of the log, JSON.parse and batched writes: no schema, no progress',
      unit: 'events/s',
      start: async (log) => ({ ours: projecting(log, writesRows), reference: rawProjection(log) }),
    },
  ],
})

async function filledLog(): Promise<Log> {
  const { file, remove } = await temporaryFile('events.db')
  await using store = await sqlite(file).openStore()
  // As they come: those of one actor are not side by side.
  for (let stored = 0; stored < events; stored += eventsOfCommit) {
    const appends = Array.from({ length: eventsOfCommit }, (_, i) => ({
      actorId: `order-${(stored + i) % actors}` as ActorId,
      events: [placed],
      expectedVersion: 'any' as const,
    }))
    await store.commit(appends)
  }
  return { file, [Symbol.asyncDispose]: remove }
}

type MakeProjection = (name: string, file: string) => ProjectionDefinition

/** Each run is another projection, from the beginning of the log to its end. */
function projecting({ file }: Log, make: MakeProjection): Contender {
  return contender(() =>
    speed(async () => {
      const views = await temporaryFile('views.db')
      const definition = make(`run-${process.hrtime.bigint()}`, views.file)
      const node = await open({ backend: sqlite(file), actors: [Order], projections: [definition] })
      const end = await node.events.lastPosition()
      await node.projection(definition).reached(end, { timeoutMs: 600_000 })
      await node.close()
      await views.remove()
      return events
    }),
  )
}

function doesNothing(name: string, file: string): ProjectionDefinition {
  const target = sqliteTables({ file, tables: { sale: columns } })
  return projection({ name, actors: [Order], target, on: { Placed: () => {} } })
}

function writesRows(name: string, file: string): ProjectionDefinition {
  const target = sqliteTables({ file, tables: { sale: columns } })
  const { sale } = target.tables
  return projection({
    name,
    actors: [Order],
    target,
    on: {
      Placed: ({ position, actorId, data }, sql) =>
        sql`INSERT INTO ${sale} VALUES (${position}, ${actorId}, ${data.amount}, ${data.note})`,
    },
  })
}

async function reading({ file }: Log): Promise<Contender> {
  const store = await sqlite(file).openStore()
  const read = async (): Promise<number> => {
    let count = 0
    for await (const _ of store.readAll({ filter: { actorTypes: ['order'] } })) count++
    return count
  }
  return contender(
    () => speed(read),
    () => store.close(),
  )
}

type WriteRow = (position: number, id: string, amount: number, note: string) => void
/** Calls `write` for each row, and `commit` after so many. */
type WriteRows = (write: WriteRow, commit: () => void) => void

/** The same rows, without reading any event. */
function rawWrites(): Contender {
  return writing((write, commit) => {
    for (let position = 1; position <= events; position++) {
      write(position, `order-${position % actors}`, data.amount, data.note)
      if (position % rowsOfTransaction === 0) commit()
    }
  })
}

type LogRow = [
  position: number,
  actor: string,
  version: number,
  id: string,
  type: string,
  ...string[],
]

/** The same rows out of the same log, by SQLite and JSON.parse alone. */
function rawProjection({ file }: Log): Contender {
  return writing((write, commit) => {
    using log = new DatabaseSync(file, { readOnly: true })
    const select = log.prepare('SELECT * FROM event WHERE position > ? ORDER BY position LIMIT ?')
    select.setReturnArrays(true)
    for (let rows: LogRow[], last = 0; ; last = rows.at(-1)![0]) {
      rows = select.all(last, rowsOfTransaction) as unknown as LogRow[]
      if (rows.length === 0) return
      for (const [position, actor, , , , , text] of rows) {
        const { amount, note } = JSON.parse(text!) as typeof data
        write(position, actor, amount, note)
      }
      commit()
    }
  })
}

function writing(writeRows: WriteRows): Contender {
  return contender(() =>
    speed(async () => {
      const { file, remove } = await temporaryFile('views.db')
      const db = new DatabaseSync(file)
      db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000;
        PRAGMA wal_autocheckpoint = 4000; CREATE TABLE sale (${columns}) STRICT; BEGIN`)
      const insert = db.prepare('INSERT INTO sale VALUES (?, ?, ?, ?)')
      writeRows(
        (position, id, amount, note) => void insert.run(position, id, amount, note),
        () => db.exec('COMMIT; BEGIN'),
      )
      db.exec('COMMIT')
      db.close()
      await remove()
      return events
    }),
  )
}
