import { checkLog } from './check-log.ts'
import { checkReads, type Freeze } from './check-reads.ts'
import { checkSubscription } from './check-subscription.ts'
import { checkWrites } from './check-writes.ts'
import { FinalLog } from './final-log.ts'
import type { Finding } from './finding.ts'
import type { Given, HistoryRecord, LoggedEvent } from './history.ts'
import { Knowledge } from './knowledge.ts'
import { isRead, isWrite, type Operation, operationsIn } from './operations.ts'

export interface Evidence {
  /** One of each process that was ever started. */
  readonly histories: readonly (readonly HistoryRecord[])[]
  /** All of the log, read when nobody writes any more. */
  readonly log: readonly LoggedEvent[]
  /** The subscriptions that ran from beginning to end. */
  readonly subscriptions: readonly string[]
  /** Processes that were killed: of the histories, by index. Their last calls have no answer. */
  readonly killed?: ReadonlySet<number>
  readonly freezes?: readonly Freeze[]
}

/**
 * Compares what each process asked for and was told with what is stored in the end. Nothing is found
 * if the store did what it promises: appends that are atomic, conditional and kept once
 * acknowledged; conflicts that are true; reads that are fresh; subscriptions that are complete.
 */
export function checkHistory({
  histories,
  log: events,
  subscriptions,
  killed = new Set(),
  freezes = [],
}: Evidence): Finding[] {
  const log = new FinalLog(events)
  const operations = operationsIn(histories)
  const knowledge = new Knowledge(operations, log)
  const writes = operations.filter(isWrite)
  const given = Map.groupBy(histories.flat().filter(isGiven), ({ subscription }) => subscription)
  return [
    ...checkLog(log, writes, knowledge),
    ...checkWrites(writes, log, knowledge),
    ...checkReads(operations.filter(isRead), log, knowledge, freezes),
    ...subscriptions.flatMap((name) => checkSubscription(name, given.get(name) ?? [], log)),
    ...histories.flatMap((history, index) =>
      killed.has(index) ? [] : operationsIn([history]).filter(isUnanswered).map(unanswered),
    ),
  ]
}

function isGiven(record: HistoryRecord): record is Given {
  return record.kind === 'given'
}

function isUnanswered({ end }: Operation): boolean {
  return end === Infinity
}

function unanswered({ call, kind }: Operation): Finding {
  return { kind: 'unanswered', message: `the ${kind} ${call}` }
}
