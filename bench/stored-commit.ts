import type { ActorId } from 'aether'
import { encodeBody } from '../src/backends/nats/commits/commit-message.ts'
import { uuidSeries } from '../src/core/index.ts'
import type { Commit, CommitPart } from '../src/store/index.ts'
import { placed } from './sample.ts'

export interface CommitOutline {
  readonly actorId: ActorId
  readonly eventCount?: number
  /** @default 1 */
  readonly firstVersion?: number
  /** The commits that it names. @default none */
  readonly links?: readonly number[]
  /** The ends of pages that it names, if it is one. @default none */
  readonly pages?: readonly number[]
}

/** A commit as Aether stores it, made without a store. */
export function bodyOfCommit({
  actorId,
  eventCount = 1,
  firstVersion = 1,
  links = [],
  pages = [],
}: CommitOutline): Uint8Array {
  const ids = uuidSeries()
  const id = ids()
  const events = Array.from({ length: eventCount }, () => ({ ...placed, id: ids(), metadata: {} }))
  const part: CommitPart = { actorId, expected: firstVersion - 1, events, idsFrom: 1 }
  const commit: Commit = { id, time: new Date().toISOString(), parts: [part] }
  return Buffer.from(encodeBody(commit, part, firstVersion, links, pages))
}

const decoder = new TextDecoder()

/** How many events stand in a commit, as Aether stores it. */
export function eventsIn(body: Uint8Array): number {
  const { events } = JSON.parse(decoder.decode(body)) as { events: readonly unknown[] }
  return events.length
}
