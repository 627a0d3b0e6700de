import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { type CommitLog, CommitLogEventStore } from '../../src/store/index.ts'
import { until } from '../support/until.ts'
import { checkHistory } from './check-history.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { HistoryRecord } from './history.ts'
import { HistoryClient } from './history-client.ts'
import { loggedEvents } from './logged-events.ts'
import { sabotages, SabotagedCommitLog } from './sabotaged-commit-log.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { SubscriptionRecorder } from './subscription-recorder.ts'

const clients = 6
const steps = 300
const actors = ['account-a', 'account-b', 'account-c', 'account-d'] as const

/** What the checker finds after clients have worked with the log, which has others below it. */
async function findingsAbout(log: CommitLog, truth: MemoryCommitLog): Promise<Finding[]> {
  const histories: HistoryRecord[][] = []
  await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
  const followed: HistoryRecord[] = []
  const follower = new SubscriptionRecorder(store, 's', (record) => followed.push(record))
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const history: HistoryRecord[] = []
      histories.push(history)
      const random = new SeededRandom(index)
      const record = (each: HistoryRecord): void => void history.push(each)
      const client = new HistoryClient({ store, actors, random, name: `c${index}`, record })
      for (let step = 0; step < steps; step++) {
        await client.step()
        if (random.chance(0.5)) await turn()
      }
    }),
  )
  const events = await loggedEvents(new CommitLogEventStore(truth, new MemorySnapshotShelf()))
  await until(() => follower.position >= (events.at(-1)?.position ?? 0), {
    description: 'the subscription has given the last event',
  })
  await follower.stop()
  return checkHistory({ histories: [...histories, followed], log: events, subscriptions: ['s'] })
}

test('a store that keeps its promises: nothing is found', async () => {
  const log = new MemoryCommitLog()
  expect(await findingsAbout(log, log)).toEqual([])
})

/** What must be found of each, among other things that follow from it. */
const expected: Record<(typeof sabotages)[number], FindingKind> = {
  dropsExpectation: 'expectation-ignored',
  losesAcknowledged: 'lost',
  storesTwice: 'doubled',
  refusesForNothing: 'false-conflict',
  inventsVersions: 'wrong-current-version',
  deniesStored: 'stored-after-all',
  tearsCommits: 'torn-commit',
  breaksDown: 'unexpected-error',
  readsStale: 'stale-read',
  readsDirty: 'false-read',
  readsDisordered: 'false-read',
  leavesOut: 'wrong-subscription',
  repeats: 'wrong-subscription',
}

test.each(sabotages)('a store that %s is found out', async (sabotage) => {
  const log = new MemoryCommitLog()
  const findings = await findingsAbout(new SabotagedCommitLog(log, sabotage), log)
  expect(findings.map(({ kind }) => kind)).toContain(expected[sabotage])
})
