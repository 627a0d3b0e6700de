import {
  ActorFailedError,
  type ActorId,
  checkMetadata,
  freezeJson,
  InvalidEventError,
  isAetherError,
  type JsonValue,
  MalformedEventError,
  messageOf,
  type Metadata,
  type NewEvent,
  type StoredEvent,
  toJson,
  validateSync,
} from '../core/index.ts'
import type { DecidedEvent } from './spec.ts'
import type { ActorModel } from './model.ts'

/** What an actor is after some of its events. */
export interface ActorState {
  readonly version: number
  readonly state: unknown
}

export function initialOf(model: ActorModel): ActorState {
  return { version: 0, state: model.initialState() }
}

/**
 * The state after one more stored event.
 * @throws AetherError `malformed-event` where the definition can't read it, `actor-failed` where
 * evolve throws
 */
export function foldStored(model: ActorModel, before: ActorState, event: StoredEvent): ActorState {
  const known = model.events.get(event.type)
  if (!known) throw malformed(event, `${model.type} has no event ${event.type}`)
  const validation = validateSync(known.schema, event.data)
  if (!validation.ok) {
    throw malformed(
      event,
      new InvalidEventError(`${event.type} does not match its schema`, validation.issues),
    )
  }
  const state = evolve(model, event.actorId, event.type, before.state, validation.value)
  return { version: event.version, state }
}

/**
 * A decided event as it will be stored, and the state after it: exactly what a replay will give.
 * @throws AetherError `invalid-event`, `too-large`, `actor-failed`
 */
export function foldDecided(
  model: ActorModel,
  actorId: ActorId,
  before: ActorState,
  { type, data: decided, metadata }: DecidedEvent & { readonly metadata: Metadata },
): { readonly stored: NewEvent; readonly after: ActorState } {
  const known = model.events.get(type)
  if (!known) throw new InvalidEventError(`${model.type} has no event ${type}`, [])
  const data = storable(actorId, type, decided, metadata)
  const validation = validateSync(known.schema, data)
  if (!validation.ok)
    throw new InvalidEventError(`${actorId} decided a wrong ${type}`, validation.issues)
  const state = evolve(model, actorId, type, before.state, validation.value)
  return { stored: { type, data, metadata }, after: { version: before.version + 1, state } }
}

/** What the store would refuse is refused here, where it concerns one command and not its batch. */
function storable(actorId: ActorId, type: string, data: unknown, metadata: Metadata): JsonValue {
  try {
    checkMetadata(metadata)
    return toJson(data)
  } catch (cause) {
    if (isAetherError(cause) && cause.code === 'too-large') throw cause
    const issues = [{ path: '', message: messageOf(cause) }]
    throw new InvalidEventError(`${actorId} decided a wrong ${type}`, issues)
  }
}

/** The next state, frozen: it is shared by every answer that shows it. */
function evolve(
  model: ActorModel,
  actorId: ActorId,
  type: string,
  before: unknown,
  data: unknown,
): unknown {
  try {
    const state = model.events.get(type)?.evolve(before, data)
    freezeJson(state)
    return state
  } catch (cause) {
    throw new ActorFailedError(actorId, `evolve.${type}`, cause)
  }
}

function malformed(event: StoredEvent, cause: unknown): MalformedEventError {
  const { actorId, position } = event
  return new MalformedEventError({ actorId, position, raw: JSON.stringify(event), cause })
}
