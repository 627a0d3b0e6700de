import { textReply, type TextReply } from './exchange.ts'
import { type Query, wholeNumberOf } from './target.ts'

/** Events, documents or what else is paged in one answer, if the request doesn't say. */
const defaultLimit = 100
/** How many in one answer at most. */
const maxLimit = 1_000
/** Bytes of JSON in one answer at most, unless a single one has more. */
const maxPageBytes = 8_388_608

/**
 * How many a request wants, within bounds.
 * @throws AetherError `invalid-argument`
 */
export function limitOf(query: Query): number {
  return Math.min(wholeNumberOf(query, 'limit') ?? defaultLimit, maxLimit)
}

/** All as a JSON array: as many as fit, but one at least. */
export async function pageReply(all: AsyncIterable<object>): Promise<TextReply> {
  const texts: string[] = []
  let bytes = '[]'.length
  for await (const each of all) {
    const text = JSON.stringify(each)
    bytes += Buffer.byteLength(text) + ','.length
    if (bytes > maxPageBytes && texts.length > 0) break
    texts.push(text)
  }
  return textReply(200, `[${texts.join(',')}]`)
}
