import { foldDecided } from '../../actors/index.ts'
import { type ActorId, AetherError, type Metadata, parseActorId } from '../../core/index.ts'
import { openOrMakeNode } from '../actor/node-option.ts'
import { loadActors } from '../load-module.ts'

interface Wanted {
  readonly backend: string
  readonly module?: string | undefined
  readonly actorId: ActorId
  readonly event: { readonly type: string; readonly data: unknown; readonly metadata: Metadata }
}

/** As the actor itself would store it. */
interface Checked {
  /** Of the actor that takes it: the event stands behind that. */
  readonly version: number
  readonly event: { readonly data: unknown; readonly metadata: Metadata }
}

/**
 * Folds all that is stored of an actor, and one more event.
 * @throws AetherError `invalid-event`, `unknown-actor-type`, and what the fold throws
 */
export async function checkedEvent(wanted: Wanted): Promise<Checked> {
  const { module = '', actorId, event } = wanted
  const { type } = parseActorId(actorId)
  const definition = (await loadActors(module)).find(({ model }) => model.type === type)
  if (!definition) throw new AetherError('unknown-actor-type', `${module} exports no actor ${type}`)
  await using node = await openOrMakeNode(wanted)
  const before = await node.state(actorId, { timeoutMs: Infinity })
  const { stored } = foldDecided(definition.model, actorId, before, event, event.metadata)
  return { version: before.version, event: { data: stored.data, metadata: stored.metadata } }
}
