import { expect, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { type Commit, CommitLogEventStore, type WriteOutcome } from '../../src/store/index.ts'

class CountingCommitLog extends MemoryCommitLog {
  writes = 0

  override write(commit: Commit): WriteOutcome {
    this.writes++
    return super.write(commit)
  }
}

test("a wrong version beside 'any' is a conflict at the first try", async () => {
  const log = new CountingCommitLog()
  await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
  const result = await store.commit([
    { actorId: 'account-a', expectedVersion: 'any', events: [{ id: 'a', type: 'Noted', data: 1 }] },
    { actorId: 'account-b', expectedVersion: 7, events: [{ id: 'b', type: 'Noted', data: 1 }] },
  ])
  expect(result).toEqual({
    ok: false,
    conflict: { actorId: 'account-b', expectedVersion: 7, currentVersion: 0 },
  })
  expect(log.writes).toBe(1)
})
