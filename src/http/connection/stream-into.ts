import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** For how long somebody is written to. */
export interface SendBounds {
  /** Aborts when it has to end. */
  readonly ending: AbortSignal
  /** A client that takes nothing for so long is cut off, whatever it sends meanwhile. */
  readonly stallTimeoutMs: number
}

/** Of larger texts so much is sent at once, so that it is seen whether the client takes any. */
const pieceBytes = 131_072

/**
 * Sends the texts as fast as the client takes them, and ends the response. One that takes nothing keeps
 * no more than what is on its way to it: the next text is made once there is room again. Where the stream has to
 * end meanwhile, the connection does: nothing can be said to who takes nothing. Who closes its side has left.
 * @throws for a client that takes nothing
 */
export async function streamInto(
  response: ServerResponse,
  texts: AsyncIterable<string | Uint8Array>,
  bounds: SendBounds,
): Promise<void> {
  const { ending } = bounds
  using _leaving = endedWith(response)
  for await (const text of texts) {
    await writeInto(response, text, bounds)
    if (ending.aborted) break
  }
  const isStuck = ending.aborted && (response.socket?.writableLength ?? 0) > 0
  if (isStuck) response.destroy()
  else response.end()
}

/** For as long as there is nothing to send, nothing else would tell. */
function endedWith(response: ServerResponse): Disposable {
  const { socket } = response
  const end = (): void => void response.destroy()
  if (socket?.readableEnded) end()
  else socket?.once('end', end)
  return { [Symbol.dispose]: () => void socket?.off('end', end) }
}

/**
 * Sends a text as fast as the client takes it; resolves as well when the answer has to end.
 * @throws for a client that takes nothing
 */
export async function writeInto(
  response: ServerResponse,
  text: string | Uint8Array,
  bounds: SendBounds,
): Promise<void> {
  for (const piece of piecesOf(text)) {
    if (!response.write(piece)) await room(response, bounds)
    if (bounds.ending.aborted) return
  }
}

function* piecesOf(text: string | Uint8Array): Generator<string | Uint8Array, void, undefined> {
  if (text.length <= pieceBytes) {
    yield text
    return
  }
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

async function room(
  response: ServerResponse,
  { ending, stallTimeoutMs }: SendBounds,
): Promise<void> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(stallTimeoutMs)])
  try {
    await once(response, 'drain', { signal })
  } catch (error) {
    if (!ending.aborted) throw error
  }
}
