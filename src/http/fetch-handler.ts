import type { Node } from '../node/index.ts'
import { readText } from './body.ts'
import { createGateway, type GatewayOptions } from './gateway.ts'

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
    const { status, headers, body } = await gateway({
      method: request.method,
      target: pathname + search,
      headers: request.headers,
      signal: request.signal,
      body: async () => (request.body ? readText(request.body) : ''),
    })
    return new Response(request.method === 'HEAD' ? null : (body ?? null), { status, headers })
  }
}
