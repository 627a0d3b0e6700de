import { type ActorId, AetherError, isAetherError } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import type { Reached } from '../../projections/index.ts'
import type { Exchange } from '../exchange/exchange.ts'

/** What a client wants to see in a view. */
interface Wanted {
  readonly view: string
  readonly position: number
  /** How long it is waited for, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Resolves once the view shows what is at this position, and all before: whoever did it reads it then.
 * @throws AetherError `timeout`; `held-back` where the event at the position, or one of its actor before, has
 * failed; `unknown-position`; `closed`; as `reached` of a view
 */
export async function caughtUp(node: Node, exchange: Exchange, wanted: Wanted): Promise<void> {
  const { view, position } = wanted
  const { heldBack } = await reached(node, exchange, wanted)
  if (heldBack.length === 0) return
  const actor = await actorAt(node, position)
  if (actor === undefined || !heldBack.includes(actor)) return
  const message = `the view ${view} doesn't show position ${position}, as ${actor} is held back: an event of it has failed; without reached you read what was before`
  throw new AetherError('held-back', message)
}

async function reached(
  node: Node,
  { signal, ending }: Exchange,
  { view, position, timeoutMs }: Wanted,
): Promise<Reached> {
  try {
    const handle = node.projection(view)
    return await handle.reached(position, { signal: ending, timeoutMs })
  } catch (error) {
    if (ending.aborted && !signal.aborted) throw closing(error)
    // It never gets to what is of another log.
    if (isAetherError(error) && error.code === 'timeout')
      await node.events.checkPosition(position, { signal })
    throw error
  }
}

function closing(cause: unknown): AetherError {
  return new AetherError('closed', 'the gateway is closing', { cause })
}

/** Undefined where no event is at this very position. */
async function actorAt(node: Node, position: number): Promise<ActorId | undefined> {
  const after = Math.max(0, position - 1)
  for await (const event of node.events.readAll({ after, limit: 1 }))
    if (event.position === position) return event.actorId
  return undefined
}
