import { expect, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { CommitLogEventStore, type LogRange } from '../../src/store/index.ts'

class CountingLog extends MemoryCommitLog {
  reads = 0

  override readAll(range: LogRange): ReturnType<MemoryCommitLog['readAll']> {
    this.reads++
    return super.readAll(range)
  }
}

test('a subscription reads when the log has grown, and not while it waits', async () => {
  const log = new CountingLog()
  await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
  const events = store.subscribe()[Symbol.asyncIterator]()
  for (const n of [1, 2, 3]) {
    const next = events.next()
    await store.append('order-1', [{ type: 'Counted', data: n }], { expectedVersion: 'any' })
    expect((await next).value).toMatchObject({ data: n })
  }
  const waiting = events.next()
  for (let turn = 0; turn < 1_000; turn++) await Promise.resolve()
  // One read for each event, one that found nothing before it waits, and one more for each wake-up.
  expect(log.reads).toBeLessThanOrEqual(7)
  await store.append('order-1', [{ type: 'Counted', data: 4 }], { expectedVersion: 'any' })
  expect((await waiting).value).toMatchObject({ data: 4 })
})
