import {
  InvalidEventError,
  type JsonValue,
  MalformedEventError,
  messageOf,
  type Metadata,
  type StoredEvent,
  toJson,
  validateSync,
  type Validation,
} from '../../core/index.ts'
import type { ActorModel, EventModel } from '../definition/model.ts'

/** The metadata that says which version of its event the data is; without it, the first. */
export const eventVersionName = 'eventVersion'

/** The metadata of an event whose data is of this version. */
export function storedAtVersion(version: number): Metadata {
  return { [eventVersionName]: String(version) }
}

/** A stored event as the definition of today knows it. */
export interface CurrentEvent {
  readonly event: EventModel
  /** What its schema made of it. */
  readonly data: unknown
}

/**
 * Brings a stored event into its present form: by its present name, through the upcasts that came
 * since, and through its schema. Nothing for one that is retired.
 * @throws MalformedEventError where the definition can't read it
 */
export function readStored(model: ActorModel, stored: StoredEvent): CurrentEvent | undefined {
  const event = eventOf(model, stored)
  if (!event) return undefined
  const validation = validated(event, stored)
  if (validation.ok) return { event, data: validation.value }
  const what = `${stored.type} does not match its schema`
  throw malformed(stored, new InvalidEventError(what, validation.issues))
}

/** Nothing for one that is retired. */
function eventOf(model: ActorModel, stored: StoredEvent): EventModel | undefined {
  const event = model.events.get(stored.type)
  if (event || model.retired.has(stored.type)) return event
  throw malformed(stored, `${model.type} has no event ${stored.type}`)
}

function validated(event: EventModel, stored: StoredEvent): Validation<unknown> {
  const data = upcast(event, stored)
  try {
    return validateSync(event.schema, data)
  } catch (cause) {
    throw malformed(stored, `its schema threw: ${messageOf(cause)}`)
  }
}

/**
 * A stored event as it would be stored today: by its present name, its data through the upcasts, and with
 * the version of that. Nothing for one that is retired. What its schema makes of it is for those who fold.
 * @throws MalformedEventError where the definition can't read it
 */
export function inPresentForm(model: ActorModel, stored: StoredEvent): StoredEvent | undefined {
  const event = eventOf(model, stored)
  if (!event) return undefined
  const { name, version } = event
  const data = upcast(event, stored)
  if (name === stored.type && data === stored.data) return stored
  const metadata =
    version === 1
      ? stored.metadata
      : Object.freeze({ ...stored.metadata, ...storedAtVersion(version) })
  return Object.freeze({ ...stored, type: name, data: shown(data), metadata })
}

/** Nobody changes what an upcast gives each time. What is no JSON, only its schema may take: then it is shown as it is. */
function shown(data: unknown): JsonValue {
  try {
    return toJson(data)
  } catch {
    return data as JsonValue
  }
}

function upcast({ name, version, upcasts }: EventModel, stored: StoredEvent): unknown {
  if (upcasts.length === 0 && stored.metadata[eventVersionName] === undefined) return stored.data
  const storedVersion = Number(stored.metadata[eventVersionName] ?? 1)
  if (!(storedVersion >= 1 && storedVersion <= version)) {
    const known = `${name} of this definition has ${version}`
    throw malformed(stored, `it is of version ${stored.metadata[eventVersionName]}, and ${known}`)
  }
  try {
    return upcasts
      .slice(storedVersion - 1)
      .reduce<unknown>((data, step) => step(data as never), stored.data)
  } catch (cause) {
    throw malformed(stored, `its upcast threw: ${messageOf(cause)}`)
  }
}

function malformed(event: StoredEvent, cause: unknown): MalformedEventError {
  const { actorId, position } = event
  return new MalformedEventError({ actorId, position, raw: JSON.stringify(event), cause })
}
