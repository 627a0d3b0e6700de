import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from 'aether'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const eventsOfCommit = 1_000
const commits = 20

describe.each<[string, (folder: string) => Backend]>([
  ['memory', () => memory()],
  ['sqlite', (folder) => sqlite(join(folder, 'events.db'))],
])('a long read on %s', (_, backendIn) => {
  test.each(['of the log', 'of one actor'])(
    '%s does not hold up what else is due',
    async (what) => {
      await using folder = await temporaryFolder()
      await using store = await backendIn(folder.path).openStore()
      const events = Array.from({ length: eventsOfCommit }, (_, data) => ({
        type: 'Counted',
        data,
      }))
      for (let n = 0; n < commits; n++)
        await store.append('counter-a', events, { expectedVersion: n * eventsOfCommit })
      let ticks = 0
      const ended = new AbortController()
      const ticking = (async () => {
        for (; !ended.signal.aborted; ticks++) await sleep(1)
      })()
      const read = what === 'of the log' ? store.readAll() : store.read('counter-a')
      let count = 0
      // Whoever handles them takes a while as well, without ever waiting.
      for await (const { version } of read) if (++count % 500 === 0) spin(version > 0 ? 3 : 0)
      ended.abort()
      expect(count).toBe(eventsOfCommit * commits)
      expect(ticks).toBeGreaterThan(2)
      await ticking
    },
  )
})

test('where few pass, a read of a SQLite file holds up nothing either, and finds all', async () => {
  await using folder = await temporaryFolder()
  await using store = await sqlite(join(folder.path, 'events.db')).openStore()
  const events = Array.from({ length: eventsOfCommit }, (_, data) => ({ type: 'Counted', data }))
  const rare = { type: 'Rare', data: 1 }
  await store.append('counter-a', [rare], { expectedVersion: 0 })
  for (let n = 0; n < 21; n++) await store.append('counter-a', events, { expectedVersion: 'any' })
  for (let n = 0; n < 2; n++) await store.append('counter-a', [rare], { expectedVersion: 'any' })
  const found = await store.readAll({ filter: { eventTypes: ['Rare'] } }).toArray()
  expect(found.map(({ version }) => version)).toEqual([1, 21_002, 21_003])
})

/** Keeps the processor busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
