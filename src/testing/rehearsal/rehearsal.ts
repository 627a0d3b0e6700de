import {
  type ActorModel,
  type ActorState,
  decide,
  type DecidedEvent,
  foldDecided,
  initialOf,
  makeCommand,
} from '../../actors/index.ts'
import {
  type ActorId,
  type AetherError,
  CommandRejectedError,
  isAetherError,
  type Metadata,
  type NewEvent,
  noMetadata,
} from '../../core/index.ts'

/** One actor without a node: what it is so far. */
export interface Scene {
  readonly model: ActorModel
  readonly actorId: ActorId
  readonly current: ActorState
}

/** How a rehearsed command is sent. */
export interface RehearsalOptions {
  /** What its `prepare` would have given. */
  readonly prepared?: unknown
  /** Milliseconds since 1970, UTC. @default 2026-01-01T00:00:00Z */
  readonly now?: number
  readonly metadata?: Metadata
  readonly commandId?: string
}

/** What a command would do. */
export type Rehearsal =
  | {
      readonly kind: 'decided'
      readonly events: readonly NewEvent[]
      readonly after: ActorState
      readonly reply: unknown
    }
  | { readonly kind: 'rejected'; readonly code: string; readonly details: unknown }
  | { readonly kind: 'failed'; readonly error: AetherError }

/** When a test takes place, unless it says so. */
export const testStart: number = Date.UTC(2026, 0, 1)

/**
 * The actor after these events.
 * @throws AetherError `invalid-event`, `actor-failed`
 */
export function sceneAfter(
  model: ActorModel,
  actorId: ActorId,
  happened: readonly DecidedEvent[],
): Scene {
  let current = initialOf(model)
  for (const event of happened)
    current = foldDecided(model, actorId, current, event, event.metadata ?? noMetadata).after
  return { model, actorId, current }
}

/** Lets the actor decide as it would on a node, but stores nothing. */
export function rehearse(
  { model, actorId, current }: Scene,
  name: string,
  input: unknown,
  { prepared, now = testStart, metadata, commandId }: RehearsalOptions = {},
): Rehearsal {
  try {
    const options = { ...(metadata && { metadata }), ...(commandId !== undefined && { commandId }) }
    const command = makeCommand(model, name, input, options)
    if (command instanceof Promise) throw asynchronous(model, name, command)
    if (command.model.prepare && prepared === undefined) throw unprepared(model, name)
    return decide(model, actorId, current, { ...command, prepared }, now)
  } catch (error) {
    if (error instanceof CommandRejectedError)
      return { kind: 'rejected', code: error.rejection, details: error.details }
    if (isAetherError(error)) return { kind: 'failed', error }
    throw error
  }
}

function unprepared({ type }: ActorModel, name: string): TypeError {
  return new TypeError(
    `${type}.${name} prepares something: say what, as in when('${name}', input, { prepared })`,
  )
}

function asynchronous({ type }: ActorModel, name: string, command: Promise<unknown>): TypeError {
  command.catch(() => undefined)
  return new TypeError(
    `the input schema of ${type}.${name} is asynchronous: try it on a node, see testNode()`,
  )
}
