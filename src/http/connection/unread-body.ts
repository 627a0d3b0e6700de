import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'

/** The longest that is waited for the end of it. */
const longestMs = 2_000

/**
 * Takes what is left of a request that was answered, and throws it away. A connection that is closed while
 * its client still sends is reset, and with it goes the answer.
 */
export async function letPass(request: IncomingMessage, ending: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(longestMs)])
  request.resume()
  // Whether it has come to an end or was given up makes no difference any more.
  await finished(request, { signal }).catch(() => {})
}
