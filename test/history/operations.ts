import type { Answer, HistoryRecord, Instant, Outcome, ReadCall, WriteCall } from './history.ts'

/** A call with its answer. */
export type Operation<Call extends WriteCall | ReadCall = WriteCall | ReadCall> = Call & {
  /** Infinity where no answer came. */
  readonly end: Instant
  /** Unknown where no answer came. */
  readonly outcome: Outcome
}

/** The calls of all histories, each with its answer. */
export function operationsIn(histories: readonly (readonly HistoryRecord[])[]): Operation[] {
  const answers = new Map<string, Answer>()
  for (const record of histories.flat()) {
    if (record.kind === 'answer') answers.set(record.call, record)
  }
  return histories.flat().flatMap((record): readonly Operation[] => {
    if (record.kind !== 'write' && record.kind !== 'read') return []
    const answer = answers.get(record.call)
    return [
      { ...record, end: answer?.at ?? Infinity, outcome: answer?.outcome ?? { is: 'unknown' } },
    ]
  })
}

export function isWrite(operation: Operation): operation is Operation<WriteCall> {
  return operation.kind === 'write'
}

export function isRead(operation: Operation): operation is Operation<ReadCall> {
  return operation.kind === 'read'
}
