import type { StoredEvent } from '../core/index.ts'
import { textReply, type Reply } from './exchange.ts'
import { type Query, wholeNumberOf } from './target.ts'

/** Events in one answer, if the request doesn't say. */
const defaultPageEvents = 100
/** Events in one answer at most. */
const maxPageEvents = 1_000
/** Bytes of JSON in one answer at most, unless a single event has more. */
const maxPageBytes = 8_388_608

/**
 * How many events a request wants, within bounds.
 * @throws AetherError `invalid-argument`
 */
export function limitOf(query: Query): number {
  return Math.min(wholeNumberOf(query, 'limit') ?? defaultPageEvents, maxPageEvents)
}

/** The events as a JSON array: as many as fit, but one at least. */
export async function pageReply(events: AsyncIterable<StoredEvent>): Promise<Reply> {
  const texts: string[] = []
  let bytes = '[]'.length
  for await (const event of events) {
    const text = JSON.stringify(event)
    bytes += Buffer.byteLength(text) + ','.length
    if (bytes > maxPageBytes && texts.length > 0) break
    texts.push(text)
  }
  return textReply(200, `[${texts.join(',')}]`)
}
