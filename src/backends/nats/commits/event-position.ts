/**
 * The position of an event is the sequence of its message in the stream, and its place inside: one
 * actor's part of a commit is one message. Safe integers up to sequence 2^43, a million a second for
 * 278 years.
 */
export const maxEventsPerMessage = 1_024

export function positionOf(sequence: number, index: number): number {
  return sequence * maxEventsPerMessage + index
}

/** The sequence of the message that holds this position. */
export function sequenceAt(position: number): number {
  return Math.floor(position / maxEventsPerMessage)
}
