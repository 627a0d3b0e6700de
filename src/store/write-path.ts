import { numberedIds, systemClock, uuidSeries } from '../core/index.ts'
import type { CommitLog } from './commit-log.ts'
import { defaultRememberedVersions, type EventStoreOptions } from './event-store-options.ts'
import { HashChainWriter } from './hash-chain/hash-chain-writer.ts'
import type { CommitContext } from './append/commit.ts'
import { ObservedWriter } from './append/observed-writer.ts'

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
  {
    hashChain,
    rememberedVersions = defaultRememberedVersions,
    observer,
    clock = systemClock,
  }: EventStoreOptions,
): Pick<CommitLog, 'write'> {
  const writer = hashChain ? new HashChainWriter(log, rememberedVersions) : log
  if (!observer) return writer
  const look = writer === log && log.isImmediate ? noTime : () => clock.monotonic()
  return new ObservedWriter(writer, observer, look)
}

const noTime = (): number => 0
