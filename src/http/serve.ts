import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AetherError, messageOf } from '../core/index.ts'
import type { Node } from '../node/index.ts'
import { readText } from './body.ts'
import type { Exchange, Reply } from './exchange.ts'
import { createGateway, type Gateway } from './gateway.ts'
import { sameOriginOnly } from './same-origin.ts'

/** Where to listen. */
export interface ServeOptions {
  /** 0 takes a free one. @default 4040 */
  readonly port?: number
}

/** A gateway that listens. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:4040` */
  readonly url: string
  /** Takes no more requests and waits for the answers under way. May be called twice. */
  close(): Promise<void>
}

const host = '127.0.0.1'

/**
 * Serves the node's gateway over HTTP on 127.0.0.1, to this machine alone.
 * @throws AetherError `cannot-listen`
 */
export async function serve(node: Node, { port = 4040 }: ServeOptions = {}): Promise<HttpServer> {
  // Until it listens nobody asks, so the gateway can be made when the port is known.
  let gateway: Gateway
  const server = createServer((request, response) => {
    void gateway(exchangeOf(request, response)).then((reply) => send(request, response, reply))
  })
  const bound = await listen(server, port)
  gateway = sameOriginOnly(createGateway(node), hostsAt(bound))
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stop(server))
  return { url: `http://${host}:${bound}`, close, [Symbol.asyncDispose]: close }
}

/** What a client on this machine may call it; the port of HTTP itself is left out by clients. */
function hostsAt(port: number): string[] {
  const names = [host, 'localhost']
  return names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]))
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem = cause.code === 'EADDRINUSE' ? 'it is in use' : messageOf(cause)
      const message = `can't listen on ${host}:${port}: ${problem}; choose another port`
      reject(new AetherError('cannot-listen', message, { cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: { get: (name) => textOfHeader(request.headers[name]) },
    signal: gone.signal,
    // The answer to a body that is too large must still get out on this connection.
    body: () => readText(request.iterator({ destroyOnReturn: false })),
  }
}

function textOfHeader(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
): void {
  // An unread body would be taken for the next request on this connection.
  const connection = request.complete ? {} : { connection: 'close' }
  response
    .writeHead(status, { ...headers, ...connection })
    .end(request.method === 'HEAD' ? undefined : body)
}
