import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test as base } from 'vitest'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import type { ActorId, StoredEvent } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Append, Outcome } from './sqlite-store-child.ts'
import { StoreProcess } from './store-process.ts'

interface Fixture {
  /** The path of a file that does not exist yet. */
  readonly file: string
  readonly processes: readonly StoreProcess[]
}

const test = base.extend<Fixture>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'events.db'))
  },
  // Starting them takes longer than the tests do, so those share them.
  processes: [
    async ({}, use) => {
      await using started = new AsyncDisposableStack()
      const processes = await Promise.all(Array.from({ length: 8 }, () => StoreProcess.start()))
      for (const process of processes) started.use(process)
      await use(processes)
    },
    { scope: 'file' },
  ],
})

async function openAll(processes: readonly StoreProcess[], file: string): Promise<void> {
  const outcomes = await Promise.all(processes.map((process) => process.open(file)))
  assert.deepEqual(outcomes, Array<Outcome>(processes.length).fill({}))
}

/** Appends in all processes at the same time: as many in each as `counts` says. */
async function appendInAll(
  processes: readonly StoreProcess[],
  counts: readonly number[],
  append: Append,
): Promise<Outcome[]> {
  const outcomes = await Promise.all(
    processes.map((process, n) => process.append(Array<Append>(counts[n] ?? 0).fill(append))),
  )
  return outcomes.flat()
}

describe('8 processes on one SQLite file', () => {
  test('open it at the same moment when it does not exist', async ({ processes, file }) => {
    for (let round = 0; round < 10; round++) {
      const fresh = `${file}-${round}`
      await openAll(processes, fresh)
      const append: Append = { actorId: 'account-x', expectedVersion: 'any' }
      const outcomes = await appendInAll(processes, Array<number>(8).fill(1), append)
      const versions = outcomes.map((outcome) => outcome.version ?? outcome)
      assert.deepEqual(versions.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8])
    }
  })

  test.for([
    ['8 writers', [1, 1, 1, 1, 1, 1, 1, 1]],
    ['50 writers', [7, 7, 6, 6, 6, 6, 6, 6]],
  ] as const)('%s of one version: exactly 1 succeeds', async ([, counts], { processes, file }) => {
    await openAll(processes, file)
    const writers = counts.reduce((sum, count) => sum + count, 0)
    for (let version = 0; version < 40; version++) {
      const append: Append = { actorId: 'account-x', expectedVersion: version }
      const outcomes = await appendInAll(processes, counts, append)
      const won = outcomes.filter((outcome) => outcome.version === version + 1)
      const lost = outcomes.filter((outcome) => outcome.conflict === version + 1)
      assert.deepEqual([won.length, lost.length], [1, writers - 1], JSON.stringify(outcomes))
    }
    await using store = await sqlite(file).openStore()
    assert.equal(await store.latestVersion('account-x'), 40)
  })

  test("append at 'any' to shared actors: none fails, and a reader misses none", async ({
    processes,
    file,
  }) => {
    await openAll(processes, file)
    await using store = await sqlite(file).openStore()
    const actors: ActorId[] = ['account-a', 'account-b', 'account-c']
    let areWriting = true
    const writing = Promise.all(
      processes.map((process) => appendInTurns(process, actors, 20)),
    ).finally(() => (areWriting = false))
    const seen = await follow(store, () => areWriting)

    const given = (await writing).flat()
    for (const [n, actor] of actors.entries()) {
      const versions = given
        .filter((_, i) => i % actors.length === n)
        .map((one) => one.version ?? one)
      const all = Array.from({ length: 8 * 20 }, (_, i) => i + 1)
      assert.deepEqual(
        versions.toSorted((a, b) => Number(a) - Number(b)),
        all,
      )
      assert.deepEqual(
        seen.filter((event) => event.actorId === actor).map((event) => event.version),
        all,
      )
    }
    assert.deepEqual(await Array.fromAsync(store.readAll()), seen)
  })
})

/** One append to each actor at the same time, so many times. */
async function appendInTurns(
  process: StoreProcess,
  actors: readonly ActorId[],
  times: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let round = 0; round < times; round++) {
    const appends = actors.map((actorId): Append => ({ actorId, expectedVersion: 'any' }))
    outcomes.push(...(await process.append(appends)))
  }
  return outcomes
}

/** Reads on behind what it has seen, and once more after the last write. */
async function follow(store: EventStore, areWriting: () => boolean): Promise<StoredEvent[]> {
  const seen: StoredEvent[] = []
  let isLastLook = false
  while (!isLastLook) {
    await turn()
    isLastLook = !areWriting()
    for await (const event of store.readAll({ after: seen.at(-1)?.position ?? 0 })) seen.push(event)
  }
  return seen
}
