import type { HandledEvent } from '../definition/handled-event.ts'
import type { PartState } from '../progress/part-progress.ts'
import { partOf } from '../progress/part.ts'

/**
 * A document of a view as it is stored. It says itself which events it has seen, so that what comes
 * again changes nothing, although several documents and the progress can't be stored at once: of each
 * actor the newest event, or, so that those don't become too many, that all were seen up to a position.
 */
export interface ViewDocument {
  /** Left out where the document was taken away. */
  readonly state?: unknown
  /** The version and position of the newest event, by actor. */
  readonly seen: Readonly<Record<string, Seen>>
  /** By part: of actors that aren't named, everything up to this position was seen. */
  readonly upTo?: Readonly<Record<string, number>>
}

/** Of version 0, it is known only up to which position all of the actor was seen. */
export type Seen = readonly [version: number, position: number]

/** From how many named actors on it is looked for those that need no name any more. */
const manyActors = 16

export const emptyDocument: ViewDocument = { seen: {} }

export function hasSeen({ seen, upTo }: ViewDocument, event: HandledEvent, part: number): boolean {
  const newest = seen[event.actorId]
  if (newest) return newest[0] > 0 ? event.version <= newest[0] : event.position <= newest[1]
  return event.position <= (upTo?.[part] ?? 0)
}

/**
 * The document without the names of those actors of these parts, all of whose events up to a stored
 * progress it has seen. Parts of which the document knows as much or more are left as they are: whoever
 * is late doesn't know who was held back, or released, since.
 * @param stored the progress of some parts, as it was stored when it was read
 */
export function compacted(
  document: ViewDocument,
  stored: ReadonlyMap<number, PartState>,
  parts: number,
): ViewDocument {
  if (Object.keys(document.seen).length <= manyActors) return document
  const upTo: Record<string, number> = { ...document.upTo }
  const seen: Record<string, Seen> = {}
  const newer = [...stored].filter(([part, { position }]) => position > (upTo[part] ?? -1))
  const covered = new Map(newer.map(([part, { position }]) => [part, position]))
  for (const [part, { position, held }] of newer) {
    upTo[part] = position
    // Their events before that position are still to come.
    for (const { actorId, version = 1, position: first } of held.values())
      seen[actorId] = document.seen[actorId] ?? [version - 1, first - 1]
  }
  for (const [actorId, newest] of Object.entries(document.seen)) {
    const isCovered = newest[1] <= (covered.get(partOf(actorId, parts)) ?? -1)
    if (!isCovered) seen[actorId] = newest
  }
  return { ...document, seen, upTo }
}
