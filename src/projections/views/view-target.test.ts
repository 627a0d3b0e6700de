import { expect, test } from 'vitest'
import { memory } from '../../backends/memory/index.ts'
import type { DocumentTable, EventStore } from '../../store/index.ts'
import { ViewTarget } from './view-target.ts'

/** A store whose tables say how often all that is in them was gone through. */
async function countedStore() {
  const store = await memory().openStore()
  let lists = 0
  const counted = (table: DocumentTable): DocumentTable => ({
    maxTextBytes: table.maxTextBytes,
    get: (key) => table.get(key),
    getMany: (keys) => table.getMany(keys),
    list(prefix, options) {
      lists++
      return table.list(prefix, options)
    },
    put: (key, text, expected) => table.put(key, text, expected),
    remove: (key, expected) => table.remove(key, expected),
    watch: (wake) => table.watch(wake),
    clear: () => table.clear(),
  })
  const table: EventStore['table'] = async (name) => counted(await store.table(name))
  return { store: { table } as EventStore, lists: () => lists }
}

const build = { projection: 'balances', build: 1 }
const settings = { parts: 12, initial: () => ({}) }

test('how far a view is, is known without going through its documents', async () => {
  const { store, lists } = await countedStore()
  const target = new ViewTarget(store, settings)
  const changes = ['10', '2'].map((part) => ({ part, text: '{"position":7}', expected: undefined }))
  await target.commit(build, changes, () => {})
  expect((await target.load(build)).map(({ part }) => part)).toEqual(['2', '10'])
  expect(await target.load(build, ['0', '2'])).toMatchObject([{ part: '2' }])
  // A build of other code may have more parts.
  expect(await new ViewTarget(store, { ...settings, parts: 1 }).load(build, ['10'])).toHaveLength(1)
  expect(lists()).toBe(0)
})
