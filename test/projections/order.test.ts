import { join } from 'node:path'
import { actor, type Node, open, projection } from 'aether'
import { sqlite, sqliteTables } from 'aether/sqlite'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { temporaryFolder } from '../support/temporary-folder.ts'

const visit = z.object({ visit: z.string() })
const patience = { timeoutMs: 120_000 }

const Day = actor('day', {
  state: {},
  events: { MovedIn: visit, MovedOut: visit },
  evolve: { MovedIn: (s) => s, MovedOut: (s) => s },
  commands: {},
})

/** Moves each visit from day to day, so that its last day is of another actor than those before; gives the end of the log. */
async function moveVisits(node: Node<typeof Day>, visits: number): Promise<number> {
  let position = 0
  for (let index = 0; index < visits; index++)
    for (let move = 0; move < 3; move++) {
      const days = [`d${index}-${move}`, `d${index}-${move + 1}`] as const
      const [from, to] = [node.get(Day, days[0]), node.get(Day, days[1])]
      const moved = { visit: `v${index}` }
      const results = await node.transact([from, to], ([out, into]) => [
        out.on.MovedOut(moved),
        into.on.MovedIn(moved),
      ])
      position = results[1].position
    }
  return position
}

test('with one part, events of several actors are handled in the order of the log, whichever node does it', async () => {
  await using folder = await temporaryFolder()
  const tables = sqliteTables({
    file: join(folder.path, 'visits.db'),
    tables: { seen: 'nr INTEGER PRIMARY KEY, position INTEGER NOT NULL' },
  })
  const { seen } = tables.tables
  const Seen = projection({
    name: 'seen',
    actors: [Day],
    parts: 1,
    target: tables,
    on: {
      MovedIn: ({ position }, sql) => sql`INSERT INTO ${seen} (position) VALUES (${position})`,
      MovedOut: ({ position }, sql) => sql`INSERT INTO ${seen} (position) VALUES (${position})`,
    },
  })
  const backend = sqlite(join(folder.path, 'clinic.db'))
  await using first = await open({ backend, actors: [Day], projections: [Seen] })
  const second = await open({ backend, actors: [Day], projections: [Seen] })
  await moveVisits(first, 10)
  await second.close()
  const position = await moveVisits(first, 10)
  await first.projection(Seen).reached(position, patience)
  const rows = await tables.read<{ position: number }>`SELECT position FROM seen ORDER BY nr`
  const positions = rows.map((row) => row.position)
  expect(positions).toHaveLength(120)
  expect(positions).toEqual(positions.toSorted((a, b) => a - b))
})

test('who compares positions keeps what is latest, however many parts and nodes there are', async () => {
  await using folder = await temporaryFolder()
  const tables = sqliteTables({
    file: join(folder.path, 'visits.db'),
    tables: { visit: 'id TEXT PRIMARY KEY, day TEXT NOT NULL, position INTEGER NOT NULL' },
  })
  const table = tables.tables.visit
  const Visits = projection({
    name: 'visits',
    actors: [Day],
    target: tables,
    on: {
      MovedIn: ({ key, data, position }, sql) => sql`
        INSERT INTO ${table} VALUES (${data.visit}, ${key}, ${position}) ON CONFLICT (id)
        DO UPDATE SET day = excluded.day, position = excluded.position
        WHERE excluded.position > position`,
    },
  })
  const backend = sqlite(join(folder.path, 'clinic.db'))
  await using first = await open({ backend, actors: [Day], projections: [Visits] })
  await using _second = await open({ backend, actors: [Day], projections: [Visits] })
  const position = await moveVisits(first, 20)
  await first.projection(Visits).reached(position, patience)
  const rows = await tables.read<{ id: string; day: string }>`SELECT id, day FROM visit`
  expect(rows.map(({ id, day }) => [id, day]).toSorted()).toEqual(
    Array.from({ length: 20 }, (_, index) => [`v${index}`, `d${index}-3`]).toSorted(),
  )
})
