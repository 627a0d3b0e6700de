import {
  actorId,
  type ActorId,
  AetherError,
  type Metadata,
  parseJson,
  type StoredEvent,
} from '../core/index.ts'
import type { Node } from '../node/index.ts'
import { type Exchange, jsonReply, type Reply } from './exchange.ts'
import { problemReply } from './problem.ts'
import { parseTarget, type Target, wholeNumberOf } from './target.ts'

/** Events in one answer, if the request doesn't say. */
const defaultPageEvents = 100
/** Events in one answer at most. */
const maxPageEvents = 1_000

/** Answers one exchange: never throws. */
export type Gateway = (exchange: Exchange) => Promise<Reply>

/**
 * The actors of a node over HTTP:
 *
 * - `POST /actors/{type}/{key}/{command}` · `GET /actors/{type}/{key}` (`?version=`)
 * - `GET /actors/{type}/{key}/events` (`?from=&limit=`) · `GET /events` (`?after=&limit=`) · `GET /healthz`
 */
export function createGateway(node: Node): Gateway {
  return async (exchange) => {
    try {
      return await route(node, exchange, parseTarget(exchange.target))
    } catch (error) {
      return problemReply(error)
    }
  }
}

async function route(node: Node, exchange: Exchange, { segments, query }: Target): Promise<Reply> {
  const [root, type, key, last, ...rest] = segments
  if (rest.length === 0 && root === 'actors' && type !== undefined && key !== undefined) {
    const id = addressed(node, type, key === '' ? (query.get('key') ?? '') : key)
    if (last === undefined) return only('GET', exchange, () => getState(node, id, exchange, query))
    if (last === 'events' && isRead(exchange)) return getEvents(node, id, query)
    return only('POST', exchange, () => postCommand(node, id, last, exchange))
  }
  if (segments.length === 1 && root === 'events')
    return only('GET', exchange, () => getLog(node, query))
  if (segments.length === 1 && root === 'healthz')
    return only('GET', exchange, async () => jsonReply(200, { status: 'ok' }))
  throw new AetherError(
    'unknown-route',
    `nothing is at /${segments.join('/')}; see /actors/{type}/{key} and /events`,
  )
}

function addressed(node: Node, type: string, key: string): ActorId {
  if (node.actorTypes.includes(type)) return actorId(type, key)
  const known = node.actorTypes.join(', ')
  throw new AetherError(
    'unknown-actor-type',
    `no actor type ${JSON.stringify(type)} runs here; there is ${known}`,
  )
}

async function postCommand(
  node: Node,
  id: ActorId,
  command: string,
  exchange: Exchange,
): Promise<Reply> {
  const text = await exchange.body()
  const input = text.trim() === '' ? undefined : parseJson(text)
  const commandId = commandIdOf(exchange)
  const options = {
    metadata: traceOf(exchange),
    signal: exchange.signal,
    ...(commandId !== undefined && { commandId }),
  }
  const { actorId, version, events, state } = await node.send(id, command, input, options)
  return jsonReply(200, { actorId, version, events, state }, { etag: etagOf(version) })
}

async function getState(
  node: Node,
  id: ActorId,
  exchange: Exchange,
  query: URLSearchParams,
): Promise<Reply> {
  const version = wholeNumberOf(query, 'version')
  const view = await node.look(id, version === undefined ? {} : { version })
  const etag = etagOf(view.version)
  if (exchange.headers.get('if-none-match') === etag)
    return { status: 304, headers: { etag }, body: undefined }
  return jsonReply(
    200,
    { actorId: view.actorId, version: view.version, state: view.state },
    { etag },
  )
}

async function getEvents(node: Node, id: ActorId, query: URLSearchParams): Promise<Reply> {
  const fromVersion = Math.max(1, wholeNumberOf(query, 'from') ?? 1)
  return jsonReply(200, await page(node.events.read(id, { fromVersion, limit: limitOf(query) })))
}

async function getLog(node: Node, query: URLSearchParams): Promise<Reply> {
  const after = wholeNumberOf(query, 'after') ?? 0
  return jsonReply(200, await page(node.events.readAll({ after, limit: limitOf(query) })))
}

function page(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  return Array.fromAsync(events)
}

function limitOf(query: URLSearchParams): number {
  return Math.min(wholeNumberOf(query, 'limit') ?? defaultPageEvents, maxPageEvents)
}

function etagOf(version: number): string {
  return `"${version}"`
}

/** `Idempotency-Key: abc`, or quoted as in the IETF draft (draft-ietf-httpapi-idempotency-key-header). */
function commandIdOf({ headers }: Exchange): string | undefined {
  const key = headers.get('idempotency-key')?.trim()
  return key?.startsWith('"') && key.endsWith('"') && key.length > 1 ? key.slice(1, -1) : key
}

/** W3C Trace Context: a malformed `traceparent` is ignored, and `tracestate` with it. */
function traceOf({ headers }: Exchange): Metadata {
  const traceparent = headers.get('traceparent')
  if (!traceparent || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/.test(traceparent))
    return {}
  const tracestate = headers.get('tracestate')
  return tracestate ? { traceparent, tracestate } : { traceparent }
}

function isRead({ method }: Exchange): boolean {
  return method === 'GET' || method === 'HEAD'
}

function only(
  method: 'GET' | 'POST',
  exchange: Exchange,
  answer: () => Promise<Reply>,
): Promise<Reply> {
  if (exchange.method === method || (method === 'GET' && isRead(exchange))) return answer()
  throw new AetherError(
    'method-not-allowed',
    `${exchange.method} is not possible here, ${method} is`,
  )
}
