import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/**
 * Sends the texts as fast as the client takes them, and ends the response. One that takes nothing keeps
 * no more than what is on its way to it: the next text is made once there is room again. Where the stream has to
 * end meanwhile, the connection does: nothing can be said to who takes nothing.
 */
export async function streamInto(
  response: ServerResponse,
  texts: AsyncIterable<string>,
  ending: AbortSignal,
): Promise<void> {
  for await (const text of texts) {
    if (response.write(text)) continue
    await room(response, ending)
    if (ending.aborted) break
  }
  const isStuck = ending.aborted && (response.socket?.writableLength ?? 0) > 0
  if (isStuck) response.destroy()
  else response.end()
}

/** Resolves as well when the answer has to end. */
async function room(response: ServerResponse, ending: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal: ending })
  } catch (error) {
    if (!ending.aborted) throw error
  }
}
