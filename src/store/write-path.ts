import { numberedIds, systemClock, TurnClock, uuidSeries } from '../core/index.ts'
import type { CommitLog } from './commit-log.ts'
import { defaultRememberedVersions, type EventStoreOptions } from './event-store-options.ts'
import { HashChainWriter } from './hash-chain/hash-chain-writer.ts'
import type { CommitContext } from './append/commit.ts'
import { ObservedWrites } from './append/observed-writes.ts'

/** With what commits are made. Without ids of the caller's choice, those of events go on from their commit's. */
export function commitContextOf({
  ids,
  clock = systemClock,
  maxEventsPerAppend = 1_000,
}: EventStoreOptions): CommitContext {
  const sources = ids ? { ids, commitIds: numberedIds(ids) } : { ids: uuidSeries() }
  return { ...sources, clock, maxEventsPerAppend }
}

/** Where commits go on their way into the log. */
export function writerInto(
  log: CommitLog,
  { hashChain, rememberedVersions = defaultRememberedVersions }: EventStoreOptions,
): Pick<CommitLog, 'write'> {
  return hashChain ? new HashChainWriter(log, rememberedVersions) : log
}

/** Who is told of the writes, and by which clock: what a log stores at once takes no time. */
export function observedWrites(
  log: CommitLog,
  { hashChain, observer, clock = systemClock }: EventStoreOptions,
): ObservedWrites {
  if (!observer) return new ObservedWrites(undefined, noTime, noTime)
  if (log.isImmediate && !hashChain) return new ObservedWrites(observer, noTime, noTime)
  const look = (): number => clock.monotonic()
  return new ObservedWrites(
    observer,
    clock instanceof TurnClock ? () => clock.recent() : look,
    look,
  )
}

const noTime = (): number => 0
