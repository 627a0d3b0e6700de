import { headers, type NatsConnection } from '@nats-io/transport-node'
import { jetstream } from '@nats-io/jetstream'
import type { ActorId } from 'aether'
import { linksBehind, pagesBehind } from '../src/backends/nats/commits/back-links.ts'
import {
  expectedSequenceHeader,
  versionHeader,
} from '../src/backends/nats/commits/commit-message.ts'
import { openPlace, type StreamPlace } from './jetstream-place.ts'
import { bodyOfCommit } from './stored-commit.ts'

/** A stream full of commits of one event, each actor's spread evenly over all of it. */
export interface FilledStream extends StreamPlace {
  readonly eventCount: number
  /** Actors with `eventsOfLong` events each. */
  readonly longActors: readonly ActorId[]
  /** As of all actors: whoever wants to ask for any. */
  readonly actorIds: readonly ActorId[]
}

export interface Filling {
  readonly eventCount: number
  readonly longActorCount: number
  readonly shortActorCount: number
}

export const eventsOfLong = 1_000

/** After so many messages the server's word is waited for, as it drops what it can't take. */
const windowSize = 2_000

/** As the writer of the store knows it. */
interface Head {
  readonly sequence: number
  readonly version: number
  /** What the newest commit names. */
  readonly links: readonly number[]
  /** What the next end of a page names. */
  readonly pages: readonly number[]
}

/** Writes what the store would write, without waiting for each commit. */
export async function fillStream(url: string, filling: Filling): Promise<FilledStream> {
  const place = await openPlace(url)
  const order = orderOf(filling)
  const heads = new Map<ActorId, Head>()
  let window: Promise<unknown> = Promise.resolve()
  for (const [index, actorId] of order.entries()) {
    const head = heads.get(actorId) ?? { sequence: 0, version: 0, links: [], pages: [] }
    const isEndOfWindow = (index + 1) % windowSize === 0 || index === order.length - 1
    const acknowledged = publish(place, actorId, head, isEndOfWindow)
    if (isEndOfWindow) {
      await window
      window = acknowledged
    }
    const sequence = index + 1
    const links = linksBehind(head.sequence, head.links)
    const pages = pagesBehind(sequence, links, head.pages) ?? []
    heads.set(actorId, { sequence, version: head.version + 1, links, pages })
  }
  await window
  await checkCount(place, order.length)
  const actorIds = [...heads.keys()]
  return {
    ...place,
    eventCount: order.length,
    longActors: actorIds.filter((id) => id.startsWith('long-')),
    actorIds,
  }
}

function publish(
  { connection, subjects }: StreamPlace,
  actorId: ActorId,
  { sequence, version, links, pages }: Head,
  isAcknowledged: boolean,
): Promise<unknown> {
  const subject = subjects.of(actorId)
  const firstVersion = version + 1
  const named = linksBehind(sequence, links)
  const body = bodyOfCommit({ actorId, firstVersion, links: named, pages })
  const header = headers()
  header.set(expectedSequenceHeader, String(sequence))
  header.set(versionHeader, String(firstVersion))
  if (isAcknowledged) return acknowledgedPublish(connection, subject, body, header)
  connection.publish(subject, body, { headers: header })
  return Promise.resolve()
}

function acknowledgedPublish(
  connection: NatsConnection,
  subject: string,
  body: Uint8Array,
  header: ReturnType<typeof headers>,
): Promise<unknown> {
  return jetstream(connection, { timeout: 30_000 }).publish(subject, body, { headers: header })
}

/** Long actors first in each round of the stream, then some of the short ones in turn. */
function orderOf({ eventCount, longActorCount, shortActorCount }: Filling): ActorId[] {
  const shortPerRound = eventCount / eventsOfLong - longActorCount
  const order: ActorId[] = []
  let short = 0
  for (let round = 0; round < eventsOfLong; round++) {
    for (let index = 0; index < longActorCount; index++) order.push(`long-${index}`)
    for (let index = 0; index < shortPerRound; index++)
      order.push(`short-${short++ % shortActorCount}`)
  }
  return order
}

async function checkCount({ manager, subjects }: StreamPlace, count: number): Promise<void> {
  const { state } = await manager.streams.info(subjects.stream)
  if (state.messages === count) return
  throw new Error(`the stream took ${state.messages} of ${count} messages`)
}
