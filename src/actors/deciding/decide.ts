import {
  ActorFailedError,
  type ActorId,
  CommandRejectedError,
  grown,
  type Metadata,
  type NewEvent,
  noMetadata,
  toJson,
} from '../../core/index.ts'
import type { ActorModel, CommandModel } from '../definition/model.ts'
import { isRejection } from '../definition/reject.ts'
import type { DecidedEvent, Decision } from '../definition/spec.ts'
import { type ActorState, foldDecided } from '../replay/fold.ts'
import { eventVersionName } from '../replay/stored-event.ts'
import { checkDecision } from './check-decision.ts'
import type { Command, CommandIdentity } from './command.ts'

/** What an actor has decided about one command. */
export interface Decided {
  readonly kind: 'decided'
  /** The place of its first event among those of its batch. */
  readonly firstIndex: number
  readonly events: readonly NewEvent[]
  /** The state behind them. */
  readonly after: ActorState
  readonly reply: unknown
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
  firstIndex = 0,
): Decided {
  const decision = callDecide(model, actorId, before, command, now)
  if (isRejection(decision)) {
    const { code, details } = decision
    throw new CommandRejectedError(
      actorId,
      command.name,
      code,
      shownDetails(details, actorId, command.name),
    )
  }
  let after = before
  let events: NewEvent[] | undefined
  for (const event of listOf(decision)) {
    const step = foldDecided(model, actorId, after, event, metadataOf(event, command))
    events = grown(events, step.stored)
    after = step.after
  }
  const stored = events ?? []
  const reply = replyTo(command, actorId, after, stored)
  return { kind: 'decided', firstIndex, events: stored, after, reply }
}

/**
 * The details of a refusal, which go to callers everywhere, so they must be JSON.
 * @throws AetherError `actor-failed`
 */
export function shownDetails(
  details: unknown,
  actors: string | readonly string[],
  command: string,
): unknown {
  try {
    return details === undefined ? undefined : toJson(details)
  } catch (cause) {
    throw new ActorFailedError(actors, `reject of ${command}`, cause)
  }
}

function callDecide(
  model: ActorModel,
  actorId: ActorId,
  { state, version }: ActorState,
  { name, model: { decide: decideOne }, input, metadata, identity, prepared }: Command,
  now: number,
): Decision {
  try {
    const decision = decideOne(state, input, model.constructors, {
      actorId,
      version,
      now,
      commandId: identity?.id,
      metadata,
      prepared,
    })
    checkDecision(decision)
    return decision
  } catch (cause) {
    throw new ActorFailedError(actorId, `decide of ${name}`, cause)
  }
}

/** What is needed of a command to reply to it. */
export interface Replying {
  readonly name: string
  readonly model: Pick<CommandModel, 'reply'>
}

/**
 * What the definition replies to a command that left this state and these events.
 * @throws AetherError `actor-failed` where it throws, or gives what is not JSON
 */
export function replyTo(
  { name, model: { reply } }: Replying,
  actorId: ActorId,
  { state, version }: ActorState,
  events: readonly DecidedEvent[],
): unknown {
  if (!reply) return undefined
  try {
    const given = reply(state, { actorId, version, events: events.map(plain) })
    return given === undefined ? undefined : toJson(given)
  } catch (cause) {
    throw new ActorFailedError(actorId, `reply of ${name}`, cause)
  }
}

/** JSON, as a reply may contain it. */
function plain({ type, data, metadata }: DecidedEvent): DecidedEvent {
  return metadata ? { type, data, metadata } : { type, data }
}

function metadataOf({ metadata }: DecidedEvent, command: Command): Metadata {
  const common = command.metadata
  return stampOf(metadata ? { ...common, ...metadata } : common, command.identity)
}

/**
 * The metadata of an event of this command, by which the command is recognised when it comes again.
 * Metadata copied from another event may name the command and the version of that one: they go.
 */
export function stampOf(metadata: Metadata, identity: CommandIdentity | undefined): Metadata {
  if (metadata === noMetadata && !identity) return noMetadata
  const { commandId: _id, commandDigest: _digest, [eventVersionName]: _version, ...rest } = metadata
  return identity ? { ...rest, commandId: identity.id, commandDigest: identity.digest } : rest
}

function listOf(decision: Exclude<Decision, { code: string }>): readonly DecidedEvent[] {
  if (decision === undefined || decision === null) return []
  return Array.isArray(decision)
    ? (decision as readonly DecidedEvent[])
    : [decision as DecidedEvent]
}
