/**
 * The position of an event is the sequence of its commit in the stream, and its place inside: a
 * commit is one message. Safe integers up to sequence 2^43, a million a second for 278 years.
 */
export const maxEventsPerCommit = 1_024

export function positionOf(sequence: number, index: number): number {
  return sequence * maxEventsPerCommit + index
}

/** The sequence of the commit that holds this position. */
export function sequenceAt(position: number): number {
  return Math.floor(position / maxEventsPerCommit)
}
