import { expect, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { systemClock } from '../../src/core/index.ts'
import { CommitLogEventStore } from '../../src/store/index.ts'
import { LogTail } from '../../src/store/reading/log-tail.ts'
import { ReadAhead } from '../../src/store/reading/read-ahead.ts'
import { LogSubscription } from '../../src/store/reading/subscription.ts'

const maxEntries = 2_000
const events = 3_000

test('those who take nothing hold no more together than the bound, and miss nothing', async () => {
  const log = new MemoryCommitLog()
  await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
  const all = Array.from({ length: events }, (_, data) => ({ type: 'Counted', data }))
  for (let first = 0; first < events; first += 100)
    await store.append('order-1', all.slice(first, first + 100), { expectedVersion: first })
  const readAhead = new ReadAhead(maxEntries)
  const around = { log, tail: new LogTail(log), readAhead }
  const ended = new AbortController()
  const settings = { after: 0, filter: {}, onMalformed: 'stop', signal: ended.signal } as const
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const slow = Array.from({ length: 100 }, () =>
    new LogSubscription(around, { ...settings, clock: systemClock, logger })[
      Symbol.asyncIterator
    ](),
  )
  const numbers = slow.map((): unknown[] => [])
  const takeOne = async (iterator: (typeof slow)[number], index: number): Promise<void> => {
    const result = await iterator.next()
    if (!result.done) numbers[index]?.push(result.value.data)
  }
  for (let round = 0; round < 20; round++) {
    await Promise.all(slow.map(takeOne))
    expect(readAhead.entries).toBeLessThanOrEqual(maxEntries)
  }
  for (const taken of numbers) expect(taken).toEqual(all.slice(0, 20).map(({ data }) => data))
  // Whoever goes on is given the rest.
  const [first] = slow
  for (let left = events - 20; left > 0 && first; left--) await takeOne(first, 0)
  expect(numbers[0]).toEqual(all.map(({ data }) => data))
  ended.abort()
  await Promise.allSettled(slow.map((iterator) => iterator.return()))
  expect(readAhead.entries).toBe(0)
})

function ignore(): void {}
