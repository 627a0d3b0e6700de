import type { Node } from '../node/index.ts'
import { readText } from './exchange/body.ts'
import { createGateway, type GatewayOptions } from './gateway.ts'

const encoder = new TextEncoder()

/**
 * The gateway as a fetch handler, for a server of your own. It checks neither host nor origin nor
 * who is asking: that is the server's. A parsed URL can't carry the keys `.` and `..`; send those
 * as `/actors/{type}//{command}?key=.`
 */
export function createFetchHandler(
  node: Node,
  options: GatewayOptions = {},
): (request: Request) => Promise<Response> {
  const gateway = createGateway(node, options)
  return async (request) => {
    const { pathname, search } = new URL(request.url)
    const { signal } = request
    const cancelled = new AbortController()
    const { status, headers, body } = await gateway({
      method: request.method,
      target: pathname + search,
      headers: request.headers,
      signal,
      ending: AbortSignal.any([signal, cancelled.signal]),
      body: () => bodyIn(request),
    })
    const sent = typeof body === 'object' ? readableOf(body, cancelled) : (body ?? null)
    return new Response(request.method === 'HEAD' ? null : sent, { status, headers })
  }
}

async function bodyIn({ body, signal }: Request): Promise<string> {
  try {
    return body ? await readText(body) : ''
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** The texts as the client takes them. Whoever takes no more of them ends them. */
function readableOf(
  texts: AsyncIterable<string | Uint8Array>,
  cancelled: AbortController,
): ReadableStream<Uint8Array> {
  const iterator = texts[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      async pull(controller) {
        const result = await iterator.next()
        if (result.done) controller.close()
        else controller.enqueue(bytesOf(result.value))
      },
      async cancel() {
        // One that waits for its next text can be left only once it doesn't wait any more.
        cancelled.abort()
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Of its own: whoever reads a stream may do with the bytes what it likes. */
function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? encoder.encode(text) : new Uint8Array(text)
}
