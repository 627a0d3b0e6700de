import { actorId, type ActorId, AetherError, isAetherError, parseJson } from '../core/index.ts'
import type { Node } from '../node/index.ts'
import { bodyOf } from './exchange/body.ts'
import { entityTagOf, unlessKnown } from './exchange/entity-tag.ts'
import { type EventStreamSettings, streamReply } from './routes/event-stream.ts'
import { type Exchange, jsonReply, type Reply } from './exchange/exchange.ts'
import { answerByMethod } from './exchange/method.ts'
import { metricsReply, readinessReply } from './routes/node-report.ts'
import { type ObservedExchange, observed } from './observed-request.ts'
import { limitOf, pageReply } from './exchange/page.ts'
import { problemReply, unrepeatableReply } from './exchange/problem.ts'
import { projectionReply } from './routes/projection-routes.ts'
import { parseTarget, type Query, type Target, wholeNumberOf } from './exchange/target.ts'
import { reminderReply, remindersReply } from './routes/reminder-routes.ts'
import type { Admission } from './same-origin.ts'
import { viewReply } from './routes/view-routes.ts'
import { checkWholeNumber } from './whole-number.ts'

/** What a gateway may be told. */
export interface GatewayOptions {
  /**
   * Is told the cause of every answer with a status of 500 and above, other than 501 and 503: a client
   * sees its text at most. What it throws itself is ignored. @default nobody is told
   */
  readonly onError?: (error: unknown) => void
  /**
   * After how long without an event a stream of events says that it is alive, in milliseconds: less
   * than what a proxy between allows. @default 15000
   */
  readonly heartbeatMs?: number
  /**
   * How long a view is waited for at most that has not `reached` the position of a request, in
   * milliseconds. @default 5000
   */
  readonly reachTimeoutMs?: number
}

/** The longest that a timer can wait. */
const maxTimerMs = 2_147_483_647

/** Answers one exchange: never throws. */
export type Gateway = (exchange: Exchange) => Promise<Reply>

/**
 * The actors of a node over HTTP:
 *
 * - `POST /actors/{type}/{key}/{command}` · `GET /actors/{type}/{key}` (`?version=`)
 * - `GET /actors/{type}/{key}/{query}` (`?input=&version=`)
 * - `GET /actors/{type}/{key}/events` (`?from=&limit=`) · `GET /events` (`?after=&limit=`) · `GET /healthz`
 * - `GET /events/stream` (`?after=&type=&key=&event=`)
 * - `GET /quarantine` · `DELETE /quarantine/{type}/{key}`
 * - `GET /reminders` · `GET /reminders/{type}/{key}` (`?limit=`) · `DELETE /reminders/{type}/{key}/{name}`
 * - `GET /projections` · `GET /projections/{name}` · `POST /projections/{name}/pause|resume|rebuild`
 * - `GET /projections/{name}/parked` · `POST /projections/{name}/parked/{type}/{key}/retry|skip`
 * - `GET /views/{name}` (`?prefix=&after=&limit=&reached=`) · `GET /views/{name}/{key}` (`?reached=`)
 * - `GET /readyz` · `GET /metrics`
 *
 * Who isn't admitted is answered, and counted, as everybody is.
 * @throws AetherError `invalid-argument` for an option out of its range
 */
export function createGateway(
  node: Node,
  options: GatewayOptions = {},
  admit: Admission = everybody,
): Gateway {
  const { onError, heartbeatMs = 15_000, reachTimeoutMs = 5_000 } = options
  checkWholeNumber('heartbeatMs', heartbeatMs, maxTimerMs, 1)
  checkWholeNumber('reachTimeoutMs', reachTimeoutMs, maxTimerMs)
  const answer = async (exchange: ObservedExchange): Promise<Reply> => {
    const tellFault = (error: unknown, { status }: { readonly status: number }): void => {
      if (isOurFault(status, error, exchange)) tell(onError, error)
    }
    try {
      admit(exchange)
      const target = parseTarget(exchange.target)
      const stream = { heartbeatMs, tellFault }
      return await route({ node, exchange, target, stream, reachTimeoutMs })
    } catch (error) {
      const reply = problemReply(error)
      tellFault(error, reply)
      return reply
    }
  }
  return (exchange) => observed(node.telemetry, exchange, answer)
}

const everybody: Admission = () => {}

/** A client that left is nobody's fault, 501 is the client's, and 503 says that it will pass. */
function isOurFault(status: number, error: unknown, { signal }: Exchange): boolean {
  const isAbort = signal.aborted && error === signal.reason
  return status >= 500 && status !== 501 && status !== 503 && !isAbort
}

function tell(onError: GatewayOptions['onError'], error: unknown): void {
  try {
    onError?.(error)
  } catch {
    // The client still gets its answer.
  }
}

interface Asked {
  readonly node: Node
  readonly exchange: ObservedExchange
  readonly target: Target
  readonly stream: EventStreamSettings
  readonly reachTimeoutMs: number
}

async function route(asked: Asked): Promise<Reply> {
  const { node, exchange, target, stream } = asked
  const { segments, query } = target
  const [root, type] = segments
  const ofActor = ofActorReply(asked)
  if (ofActor) return ofActor
  if (segments.length === 1 && root === 'reminders')
    return remindersReply(node, undefined, exchange, query)
  if (segments.length === 1 && root === 'quarantine')
    return answerByMethod(exchange, { GET: async () => jsonReply(200, node.quarantined) })
  if (segments.length === 1 && root === 'events')
    return answerByMethod(exchange, { GET: () => getLog(node, exchange, query) })
  if (segments.length === 2 && root === 'events' && type === 'stream')
    return answerByMethod(exchange, {
      GET: () => streamReply(node.events, exchange, query, stream),
    })
  if (segments.length === 1 && root === 'healthz')
    return answerByMethod(exchange, { GET: async () => jsonReply(200, { status: 'ok' }) })
  if (segments.length === 1 && root === 'readyz')
    return answerByMethod(exchange, { GET: () => readinessReply(node) })
  if (segments.length === 1 && root === 'metrics')
    return answerByMethod(exchange, { GET: () => metricsReply(node, exchange) })
  const reply = readerReply(asked)
  if (reply) return reply
  throw new AetherError(
    'unknown-route',
    `nothing is at /${segments.join('/')}; see /actors/{type}/{key}, /events, /projections and /views`,
  )
}

/** What is at a path with an actor in it; undefined for another path. */
function ofActorReply({ node, exchange, target }: Asked): Promise<Reply> | undefined {
  const { segments, query } = target
  const [root, type, key, last, ...rest] = segments
  if (type === undefined || key === undefined || rest.length > 0) return undefined
  const id = (): ActorId => addressed(node, type, key === '' ? (query.get('key') ?? '') : key)
  if (root === 'actors') return actorReply(node, id(), last, exchange, query)
  if (root === 'quarantine' && last === undefined)
    return answerByMethod(exchange, { DELETE: async () => resume(node, id()) })
  if (root !== 'reminders') return undefined
  return last === undefined
    ? remindersReply(node, id(), exchange, query)
    : reminderReply(node, id(), last, exchange, query)
}

function readerReply(asked: Asked): Promise<Reply> | undefined {
  switch (asked.target.segments[0]) {
    case 'projections':
      return projectionReply(asked)
    case 'views':
      return viewReply(asked)
    default:
      return undefined
  }
}

function addressed(node: Node, type: string, key: string): ActorId {
  if (node.actorTypes.includes(type)) return actorId(type, key)
  const known = node.actorTypes.join(', ')
  throw new AetherError(
    'unknown-actor-type',
    `no actor type ${JSON.stringify(type)} runs here; there is ${known}`,
  )
}

function actorReply(
  node: Node,
  id: ActorId,
  last: string | undefined,
  exchange: ObservedExchange,
  query: Query,
): Promise<Reply> {
  if (last === undefined)
    return answerByMethod(exchange, { GET: () => getState(node, id, exchange, query) })
  const POST = (): Promise<Reply> => postCommand(node, id, last, exchange)
  const GET = (): Promise<Reply> => getQuery(node, id, last, exchange, query)
  if (last === 'events')
    return answerByMethod(exchange, { GET: () => getEvents(node, id, exchange, query), POST })
  return answerByMethod(exchange, node.hasQuery(id, last) ? { GET } : { POST })
}

async function postCommand(
  node: Node,
  id: ActorId,
  command: string,
  exchange: ObservedExchange,
): Promise<Reply> {
  const text = await bodyOf(exchange)
  const input = text.trim() === '' ? undefined : parseJson(text)
  const commandId = commandIdOf(exchange)
  const options = {
    metadata: exchange.metadata,
    signal: exchange.signal,
    ...(commandId !== undefined && { commandId }),
    ...firstSentOf(exchange),
  }
  node.assertPublic(id, command)
  try {
    const result = await node.send(id, command, input, options)
    return jsonReply(200, result, { etag: entityTagOf(result) })
  } catch (error) {
    const isUnknown = isAetherError(error) && error.code === 'outcome-unknown'
    if (isUnknown && commandId === undefined) return unrepeatableReply(error)
    throw error
  }
}

/** What a query answers is all of the answer: nothing else may be said about it. */
async function getQuery(
  node: Node,
  id: ActorId,
  name: string,
  { signal }: Exchange,
  query: Query,
): Promise<Reply> {
  const text = query.get('input')
  const version = wholeNumberOf(query, 'version')
  const options = version === undefined ? { signal } : { signal, version }
  const answer = await node.query(id, name, text === undefined ? text : parseJson(text), options)
  return jsonReply(200, answer ?? null)
}

function resume(node: Node, id: ActorId): Reply {
  return jsonReply(200, { actorId: id, resumed: node.resume(id) })
}

async function getState(node: Node, id: ActorId, exchange: Exchange, query: Query): Promise<Reply> {
  const asked = wholeNumberOf(query, 'version')
  const { signal } = exchange
  const options = asked === undefined ? { signal } : { signal, version: asked }
  const { actorId, version, state } = await node.state(id, options)
  const etag = entityTagOf({ version, state })
  return unlessKnown(exchange, etag, () => jsonReply(200, { actorId, version, state }, { etag }))
}

function getEvents(node: Node, id: ActorId, { signal }: Exchange, query: Query): Promise<Reply> {
  const fromVersion = Math.max(1, wholeNumberOf(query, 'from') ?? 1)
  return pageReply(node.events.read(id, { fromVersion, limit: limitOf(query), signal }))
}

async function getLog(node: Node, { signal }: Exchange, query: Query): Promise<Reply> {
  const after = wholeNumberOf(query, 'after') ?? 0
  const reply = await pageReply(node.events.readAll({ after, limit: limitOf(query), signal }))
  // Nothing is behind it: as nothing has happened since, or as it is of another log?
  if (reply.body === '[]') await node.events.checkPosition(after, { signal })
  return reply
}

/** `Idempotency-Key: abc`, or quoted as in the IETF draft (draft-ietf-httpapi-idempotency-key-header). */
function commandIdOf({ headers }: Exchange): string | undefined {
  const key = headers.get('idempotency-key')?.trim()
  return key?.startsWith('"') && key.endsWith('"') && key.length > 1 ? key.slice(1, -1) : key
}

/** `Idempotency-First-Sent: 2026-11-22T20:15:00Z`: a time of RFC 3339, or as in `Date`. The node refuses any other. */
function firstSentOf({ headers }: Exchange): { readonly firstSent?: Date } {
  const time = headers.get('idempotency-first-sent')
  return time === null ? {} : { firstSent: new Date(time) }
}
