import { actorId, AetherError, parseJson } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import type { ProjectionHandle } from '../../projections/index.ts'
import { bodyOf } from '../exchange/body.ts'
import { type Exchange, jsonReply, type Reply } from '../exchange/exchange.ts'
import { answerByMethod } from '../exchange/method.ts'
import type { Target } from '../exchange/target.ts'

/** What is asked of the readers of a node. */
interface Asked {
  readonly node: Node
  readonly exchange: Exchange
  readonly target: Target
}

/** What is at a path below `/projections`; undefined where nothing is. */
export function projectionReply({ node, exchange, target }: Asked): Promise<Reply> | undefined {
  const [, name, what, type, key, step, ...rest] = target.segments
  if (name === undefined) return answerByMethod(exchange, { GET: () => getAll(node, exchange) })
  const handle = (): ProjectionHandle => node.projection(name)
  if (what === undefined)
    return answerByMethod(exchange, { GET: () => getStatus(handle(), exchange) })
  if (type === undefined) return readerReply(handle, what, { exchange, target })
  if (what === 'parked' && type === 'retry' && key === undefined)
    return answerByMethod(exchange, { POST: () => postRetryAll(handle(), exchange) })
  if (what !== 'parked' || key === undefined || step === undefined || rest.length > 0)
    return undefined
  const id = heldActorId(type, key === '' ? (target.query.get('key') ?? '') : key)
  return heldActorReply(handle, { id, step }, exchange)
}

function readerReply(
  handle: () => ProjectionHandle,
  what: string,
  { exchange, target }: Pick<Asked, 'exchange' | 'target'>,
): Promise<Reply> | undefined {
  switch (what) {
    case 'parked':
      return answerByMethod(exchange, { GET: () => getParked(handle(), exchange, target) })
    case 'pause':
      return answerByMethod(exchange, { POST: () => postPause(handle(), exchange, true) })
    case 'resume':
      return answerByMethod(exchange, { POST: () => postPause(handle(), exchange, false) })
    case 'rebuild':
      return answerByMethod(exchange, { POST: () => postRebuild(handle(), exchange) })
    default:
      return undefined
  }
}

function heldActorReply(
  handle: () => ProjectionHandle,
  { id, step }: { readonly id: string; readonly step: string },
  exchange: Exchange,
): Promise<Reply> | undefined {
  switch (step) {
    case 'retry':
      return answerByMethod(exchange, { POST: () => postRetry(handle(), exchange, id) })
    case 'skip':
      return answerByMethod(exchange, { POST: () => postSkip(handle(), id, exchange) })
    default:
      return undefined
  }
}

/** What the log can't tell the actor of is parked all the same, under an id that no actor can have. */
function heldActorId(type: string, key: string): string {
  return type === '?' ? `?-${key}` : actorId(type, key)
}

async function getAll(node: Node, { signal }: Exchange): Promise<Reply> {
  return jsonReply(200, await node.projections({ signal }))
}

async function getStatus(handle: ProjectionHandle, { signal }: Exchange): Promise<Reply> {
  return jsonReply(200, await handle.status({ signal }))
}

/** Where an error was thrown is shown to whoever asks for it: `?stack=true`. */
async function getParked(
  handle: ProjectionHandle,
  { signal }: Exchange,
  { query }: Target,
): Promise<Reply> {
  const parked = await handle.parked({ signal })
  if (query.get('stack') === 'true') return jsonReply(200, parked)
  const brief = parked.map(({ cause: { code, message }, ...actor }) => ({
    ...actor,
    cause: { ...(code !== undefined && { code }), message },
  }))
  return jsonReply(200, brief)
}

async function postPause(
  handle: ProjectionHandle,
  { signal }: Exchange,
  isPaused: boolean,
): Promise<Reply> {
  await (isPaused ? handle.pause({ signal }) : handle.resume({ signal }))
  return jsonReply(200, { name: handle.name, paused: isPaused })
}

async function postRebuild(handle: ProjectionHandle, exchange: Exchange): Promise<Reply> {
  const back = isBack(await bodyOf(exchange))
  const { signal } = exchange
  return jsonReply(200, { name: handle.name, build: await handle.rebuild({ back, signal }) })
}

/** @throws AetherError `invalid-argument`, `invalid-json` */
function isBack(body: string): boolean {
  const input = body.trim() === '' ? undefined : parseJson(body)
  const isObject = typeof input === 'object' && input !== null
  const back: unknown = isObject && 'back' in input ? input.back : false
  if (typeof back === 'boolean') return back
  throw new AetherError('invalid-argument', 'back must be true or false')
}

async function postRetry(
  handle: ProjectionHandle,
  { signal }: Exchange,
  id: string,
): Promise<Reply> {
  const retried = await handle.retry(id, { signal })
  return jsonReply(200, { name: handle.name, actorId: id, retried })
}

async function postRetryAll(handle: ProjectionHandle, { signal }: Exchange): Promise<Reply> {
  return jsonReply(200, { name: handle.name, retried: await handle.retryAll({ signal }) })
}

async function postSkip(handle: ProjectionHandle, id: string, exchange: Exchange): Promise<Reply> {
  const { reason, position } = skipIn(await bodyOf(exchange))
  const { signal } = exchange
  const meant = position === undefined ? {} : { position }
  const skipped = await handle.skip(id, reason, { ...meant, signal })
  return jsonReply(200, { name: handle.name, actorId: id, skipped })
}

/** @throws AetherError `invalid-argument` where there is no reason; `invalid-json` */
function skipIn(body: string): { readonly reason: string; readonly position: number | undefined } {
  const input = body.trim() === '' ? undefined : parseJson(body)
  const isObject = typeof input === 'object' && input !== null
  const reason: unknown = isObject && 'reason' in input ? input.reason : undefined
  const position: unknown = isObject && 'position' in input ? input.position : undefined
  if (typeof reason !== 'string') {
    const message = 'passing over an event needs a reason: send { "reason": "…" }'
    throw new AetherError('invalid-argument', message)
  }
  if (position === undefined || (typeof position === 'number' && Number.isSafeInteger(position)))
    return { reason, position }
  const message = `the position of the event that failed must be a whole number, not ${JSON.stringify(position)}`
  throw new AetherError('invalid-argument', message)
}
