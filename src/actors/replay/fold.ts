import {
  ActorFailedError,
  type ActorId,
  CheckedEvent,
  freezeJson,
  InvalidEventError,
  isAetherError,
  messageOf,
  type Metadata,
  type StoredEvent,
  validateSync,
  type Validation,
} from '../../core/index.ts'
import type { ActorModel, EventModel } from '../definition/model.ts'
import type { DecidedEvent } from '../definition/spec.ts'
import { readStored, storedAtVersion } from './stored-event.ts'

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
export function foldStored(model: ActorModel, before: ActorState, stored: StoredEvent): ActorState {
  const current = readStored(model, stored)
  const { version } = stored
  if (!current) return { version, state: before.state }
  const { event, data } = current
  return { version, state: evolve(event, stored.actorId, before.state, data) }
}

/**
 * A decided event as it will be stored, and the state after it: exactly what a replay will give.
 * @throws AetherError `invalid-event`, `too-large`, `actor-failed`
 */
export function foldDecided(
  model: ActorModel,
  actorId: ActorId,
  before: ActorState,
  { type, data }: Pick<DecidedEvent, 'type' | 'data'>,
  metadata: Metadata,
): { readonly stored: CheckedEvent; readonly after: ActorState } {
  const event = model.events.get(type)
  if (event?.name !== type) throw new InvalidEventError(`${model.type} has no event ${type}`, [])
  const stored = storable(actorId, type, data, stamped(metadata, event))
  const validation = validated(event, actorId, stored.data)
  if (!validation.ok)
    throw new InvalidEventError(`${actorId} decided a wrong ${type}`, validation.issues)
  const state = evolve(event, actorId, before.state, validation.value)
  return { stored, after: { version: before.version + 1, state } }
}

function validated(
  { name, schema }: EventModel,
  actorId: ActorId,
  data: unknown,
): Validation<unknown> {
  try {
    return validateSync(schema, data)
  } catch (cause) {
    throw new ActorFailedError(actorId, `the schema of ${name}`, cause)
  }
}

function stamped(metadata: Metadata, { version }: EventModel): Metadata {
  return version === 1 ? metadata : { ...metadata, ...storedAtVersion(version) }
}

/** What the store would refuse is refused here, where it concerns one command and not its batch. */
function storable(actorId: ActorId, type: string, data: unknown, metadata: Metadata): CheckedEvent {
  try {
    return new CheckedEvent(type, data, metadata)
  } catch (cause) {
    if (isAetherError(cause) && cause.code === 'too-large') throw cause
    const issues = [{ path: '', message: messageOf(cause) }]
    throw new InvalidEventError(`${actorId} decided a wrong ${type}`, issues)
  }
}

/** The next state, frozen: it is shared by every answer that shows it. */
function evolve(event: EventModel, actorId: ActorId, before: unknown, data: unknown): unknown {
  try {
    const state = event.evolve(before, data)
    freezeJson(state)
    return state
  } catch (cause) {
    throw new ActorFailedError(actorId, `evolve.${event.name}`, cause)
  }
}
