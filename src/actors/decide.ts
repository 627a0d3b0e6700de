import {
  ActorFailedError,
  type ActorId,
  AetherError,
  CommandRejectedError,
  type Metadata,
  type NewEvent,
  noMetadata,
  toJson,
} from '../core/index.ts'
import type { Command } from './command.ts'
import type { DecidedEvent, Decision, EventSchemas } from './spec.ts'
import { type ActorState, foldDecided } from './fold.ts'
import type { ActorModel } from './model.ts'
import { isRejection } from './reject.ts'

export interface Decided {
  readonly events: readonly NewEvent[]
  readonly after: ActorState
}

/**
 * Lets the actor decide about one command: what would be stored, and the state after it.
 * @throws AetherError `command-rejected`, `actor-failed`, `invalid-event`, `too-large`
 */
export function decide(
  model: ActorModel,
  actorId: ActorId,
  before: ActorState,
  command: Command,
  now: number,
): Decided {
  const decision = callDecide(model, actorId, before, command, now)
  if (isRejection(decision)) {
    const { code, details } = decision
    throw new CommandRejectedError(actorId, command.name, code, shown(details, actorId, command))
  }
  const events: NewEvent[] = []
  let after = before
  for (const { type, data, metadata } of listOf(decision)) {
    const step = foldDecided(model, actorId, after, {
      type,
      data,
      metadata: { ...withoutIdentity({ ...command.metadata, ...metadata }), ...stamp(command) },
    })
    events.push(step.stored)
    after = step.after
  }
  return { events, after }
}

/** Details go to callers everywhere, so they must be JSON. */
function shown(details: unknown, actorId: ActorId, { name }: Command): unknown {
  try {
    return details === undefined ? undefined : toJson(details)
  } catch (cause) {
    throw new ActorFailedError(actorId, `reject of ${name}`, cause)
  }
}

function callDecide(
  model: ActorModel,
  actorId: ActorId,
  { state, version }: ActorState,
  { name, model: { decide: decideOne }, input, metadata, identity }: Command,
  now: number,
): Decision<EventSchemas> {
  let decision: Decision<EventSchemas>
  try {
    decision = decideOne(state, input, model.constructors, {
      actorId,
      version,
      now,
      commandId: identity?.id,
      metadata,
    })
  } catch (cause) {
    throw new ActorFailedError(actorId, `decide of ${name}`, cause)
  }
  if (decision instanceof Promise) {
    decision.catch(() => {})
    const cause = new AetherError(
      'invalid-definition',
      'decide must be synchronous, but it gave a promise',
    )
    throw new ActorFailedError(actorId, `decide of ${name}`, cause)
  }
  return decision
}

/** By which the command is recognised when it comes again. */
function stamp({ identity }: Command): Metadata {
  return identity ? { commandId: identity.id, commandDigest: identity.digest } : noMetadata
}

/** Metadata copied from another event may name the command of that one. */
function withoutIdentity({ commandId: _id, commandDigest: _digest, ...rest }: Metadata): Metadata {
  return rest
}

function listOf(
  decision: Exclude<Decision<EventSchemas>, { code: string }>,
): readonly DecidedEvent[] {
  if (decision === undefined || decision === null) return []
  return Array.isArray(decision)
    ? (decision as readonly DecidedEvent[])
    : [decision as DecidedEvent]
}
