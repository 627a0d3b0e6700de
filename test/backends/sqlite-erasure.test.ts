import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { actor, open, projection, view } from 'aether'
import { sqlite, sqliteTables } from 'aether/sqlite'
import { expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { temporaryFolder } from '../support/temporary-folder.ts'

const patience = { timeoutMs: 60_000 }
/** Of the events, which keep no name themselves: so it is in what is made of them alone. */
const names: Record<string, string> = { 'c-1': 'Ann Bell of Thornfield', 'c-2': 'Bob of Lowood' }

const Customer = actor('customer', {
  state: {},
  events: { Registered: z.object({}), Forgotten: z.object({}) },
  evolve: { Registered: (s) => s, Forgotten: (s) => s },
  commands: {
    register: { decide: (_s, _c, on) => on.Registered({}) },
    forget: { decide: (_s, _c, on) => on.Forgotten({}) },
  },
})

const Names = view({
  name: 'names',
  actors: [Customer],
  state: { name: '' },
  on: {
    Registered: (_, { key }) => ({ name: names[key] ?? '' }),
    Forgotten: () => ({ name: '' }),
  },
})

/** All that the files of a folder hold, those beside a database as well. */
async function bytesIn(folder: string): Promise<string> {
  const files = await readdir(folder)
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file), 'latin1')))
  return contents.join('')
}

function customersIn(folder: string) {
  return sqliteTables({
    file: join(folder, 'views.db'),
    tables: { customer: 'id TEXT PRIMARY KEY, name TEXT' },
  })
}

test('what tables and views have dropped is in no file any more once all is closed', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const target = customersIn(folder.path)
  const { customer } = target.tables
  const Customers = projection({
    name: 'customers',
    actors: [Customer],
    target,
    on: {
      Registered: ({ key }, sql) =>
        sql`INSERT INTO ${customer} VALUES (${key}, ${names[key] ?? ''})`,
      Forgotten: ({ key }, sql) =>
        key === 'c-1'
          ? sql`UPDATE ${customer} SET name = NULL WHERE id = ${key}`
          : sql`DELETE FROM ${customer} WHERE id = ${key}`,
    },
  })
  const start = () =>
    open({
      backend: sqlite(join(folder.path, 'events.db')),
      actors: [Customer],
      projections: [Customers, Names],
    })
  const each = async (command: 'register' | 'forget'): Promise<void> => {
    await using node = await start()
    for (const key of Object.keys(names)) {
      const { position } = await node.get(Customer, key)[command]()
      for (const reader of [Customers, Names])
        await node.projection(reader).reached(position, patience)
    }
  }
  const found = async (): Promise<readonly string[]> => {
    const bytes = await bytesIn(folder.path)
    return Object.values(names).filter((name) => bytes.includes(name))
  }
  await each('register')
  expect(await found()).toEqual(Object.values(names))
  await each('forget')
  expect(await found()).toEqual([])
})

test('what a build had that was dropped is in no file any more', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const target = customersIn(folder.path)
  const { customer } = target.tables
  const name = 'Ann Bell of Thornfield'
  const build = { projection: 'customers', build: 1 }
  await target.prepare(build)
  await target.commit(build, [], (sql) => {
    for (let id = 0; id < 1_000; id++) sql`INSERT INTO ${customer} VALUES (${String(id)}, ${name})`
  })
  await target.drop(build)
  await target.close()
  expect((await bytesIn(folder.path)).includes(name)).toBe(false)
})

test('what a table of the store had is in no file any more, such as a key that was thrown away', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  const key = 'k3y-of-Ann-Bell'
  {
    await using store = await sqlite(join(folder.path, 'keys.db')).openStore()
    const keys = await store.table('person-keys')
    const revision = await keys.put('c-1', key, undefined)
    expect(await keys.remove('c-1', revision ?? 0)).toBe(true)
  }
  expect((await bytesIn(folder.path)).includes(key)).toBe(false)
})
