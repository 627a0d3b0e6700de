import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AetherError, messageOf } from '../core/index.ts'
import type { Node } from '../node/index.ts'
import { type Answer, Connections } from './connection/connections.ts'
import { maxBodyBytes } from './exchange/body.ts'
import type { Exchange, Reply } from './exchange/exchange.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import { problemReply } from './exchange/problem.ts'
import { checkHostName } from './host-name.ts'
import { splitTarget } from './connection/request-target.ts'
import { sameOriginOnly } from './same-origin.ts'
import { sentBody } from './connection/sent-body.ts'
import { type SendBounds, streamInto, writeInto } from './connection/stream-into.ts'
import { UnfinishedBodies } from './connection/unfinished-bodies.ts'
import { letPass } from './connection/unread-body.ts'
import { checkWholeNumber } from './whole-number.ts'

/** Where to listen, and for how long to go on answering. */
export interface ServeOptions extends GatewayOptions {
  /** 0 takes a free one. @default 4040 */
  readonly port?: number
  /**
   * By which names clients call it besides its own address, as a proxy on this machine passes them on in
   * `Host`: `house.example`, or `house.example:8443`; no patterns. Pages of these hosts may send requests as well.
   * Who asks is then the proxy's to check. @default none
   */
  readonly hosts?: readonly string[]
  /** How long `close()` waits for the answers under way, in milliseconds. @default 5000 */
  readonly closeTimeoutMs?: number
  /**
   * How long a client may take nothing of an answer that waits for it, in milliseconds. Then it is cut off: what
   * waits takes memory. @default 60000
   */
  readonly stallTimeoutMs?: number
  /** How many connections there may be at once; one more is closed as it comes. @default 10000 */
  readonly maxConnections?: number
  /**
   * How many bytes of bodies that have come in part are held at once, of all connections, 1,048,576 at least. Where
   * more come, the bodies that began first are refused as `overloaded`. @default 67108864
   */
  readonly maxUnfinishedBytes?: number
}

/** A gateway that listens. */
export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:4040` */
  readonly url: string
  /**
   * Takes no more requests, ends the streams, waits for the answers under way, `closeTimeoutMs` at
   * most, and closes all connections. May be called twice.
   */
  close(): Promise<void>
}

const host = '127.0.0.1'
const maxPort = 65_535
/**
 * Bytes that wait for one client before the next of a stream are made. Of texts three times as much memory is
 * taken, for each of thousands that take nothing.
 */
const highWaterMark = 16_384
/** The longest that a timer can wait. */
const maxTimeoutMs = 2_147_483_647
const most = Number.MAX_SAFE_INTEGER

/**
 * Serves the node's gateway over HTTP on 127.0.0.1, to this machine alone.
 * @throws AetherError `invalid-argument` for an option out of its range; `cannot-listen`
 */
export async function serve(
  node: Node,
  {
    port = 4040,
    hosts = [],
    closeTimeoutMs = 5_000,
    stallTimeoutMs = 60_000,
    maxConnections = 10_000,
    maxUnfinishedBytes = 67_108_864,
    ...options
  }: ServeOptions = {},
): Promise<HttpServer> {
  checkWholeNumber('port', port, maxPort)
  for (const name of hosts) checkHostName(name)
  checkWholeNumber('closeTimeoutMs', closeTimeoutMs, maxTimeoutMs)
  checkWholeNumber('stallTimeoutMs', stallTimeoutMs, maxTimeoutMs, 1)
  checkWholeNumber('maxConnections', maxConnections, most, 1)
  checkWholeNumber('maxUnfinishedBytes', maxUnfinishedBytes, most, maxBodyBytes)
  const unfinished = new UnfinishedBodies(maxUnfinishedBytes)
  // Until it listens nobody asks, so the gateway can be made when the port is known.
  let gateway: Gateway
  const closing = new AbortController()
  const isClosing = (): boolean => closing.signal.aborted
  const answer: Answer = async (request, response, line) => {
    const ending = AbortSignal.any([line.gone, line.broken, closing.signal])
    const body = (): Promise<string> => sentBody(request, response, line, unfinished)
    const exchange = { ...askedBy(request), signal: line.gone, ending, body }
    const reply = isClosing() ? tooLate() : await gateway(exchange)
    const last = isClosing() ? { ...reply, headers: lastOne(reply) } : reply
    await send(request, response, last, { gone: line.gone, ending, stallTimeoutMs })
  }
  const server = createServer({ highWaterMark })
  server.maxConnections = maxConnections
  const connections = new Connections(server, answer, stallTimeoutMs)
  const bound = await listen(server, port)
  gateway = createGateway(node, options, sameOriginOnly([...hostsAt(bound), ...hosts]))
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing.abort()
    return (closed ??= connections.close(closeTimeoutMs))
  }
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

function tooLate(): Reply {
  return problemReply(new AetherError('closed', 'the gateway is closing'))
}

function lastOne({ headers }: Reply): Reply['headers'] {
  return { ...headers, connection: 'close' }
}

function askedBy(request: IncomingMessage): Pick<Exchange, 'method' | 'target' | 'headers'> {
  const { authority, target } = splitTarget(request.url ?? '/')
  const { headers } = request
  return {
    method: request.method ?? 'GET',
    target,
    headers: {
      get: (name) => (name === 'host' ? (authority ?? hostsOf(request)) : textOf(headers[name])),
    },
  }
}

/** All that were sent: Node keeps the first, and somebody between may have looked at another. */
function hostsOf({ rawHeaders }: IncomingMessage): string {
  const isHost = (_: string, index: number): boolean =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host'
  return rawHeaders.filter(isHost).join(', ')
}

function textOf(header: string | string[] | undefined): string | null {
  return Array.isArray(header) ? header.join(', ') : (header ?? null)
}

/** A text that was begun is sent to its end, a stream has none of its own. */
async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Reply,
  bounds: SendBounds & { readonly gone: AbortSignal },
): Promise<void> {
  // An unread body would be taken for the next request on this connection.
  const isUnread = !request.complete
  response.writeHead(status, { ...headers, ...(isUnread && { connection: 'close' }) })
  const sent = request.method === 'HEAD' ? undefined : body
  if (typeof sent === 'object') return streamInto(response, sent, bounds)
  const isLarge = sent !== undefined && sent.length > highWaterMark
  if (!isUnread && !isLarge) return void response.end(sent)
  if (sent === undefined) response.flushHeaders()
  else await writeInto(response, sent, { ...bounds, ending: bounds.gone })
  if (isUnread) await letPass(request, bounds.ending)
  response.end()
}
