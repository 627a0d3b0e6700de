import { hash } from 'node:crypto'
import type { ActorId, Metadata, StoredEvent } from '../../core/index.ts'
import { AetherError, messageOf } from '../../core/index.ts'
import type { CommandModel } from '../definition/model.ts'

/** What may be said with a command besides its input. */
export interface CommandOptions {
  /**
   * Names the command: once it has made events, sending it again gives the same answer and stores
   * nothing more. One that made no event is known as long as the actor lives in this process; one that
   * was refused is decided anew.
   * @default none: every sending is a command of its own
   */
  readonly commandId?: string
  /**
   * When it was sent for the first time under its `commandId`, by the sender's clock, where it may have been:
   * however many others the actor got since, it is not carried out again. What the actor doesn't remember any
   * more is looked for in its history back to then, and 10 minutes more, as clocks differ.
   * @default what the actor remembers says whether it was carried out
   */
  readonly firstSent?: Date
  /** Goes into every event that the command makes. */
  readonly metadata?: Metadata
  /** Takes the command back if it has not been started; it then fails with the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * How long to wait for the answer, in milliseconds. A command that has not been started by then is
   * taken back (`timeout`); of one that has, the outcome is unknown (`outcome-unknown`).
   * @default the limit `commandTimeoutMs`
   */
  readonly timeoutMs?: number
}

/** From where on events of a command may stand: behind a position of the log, or at a time, by milliseconds since 1970, UTC. */
export type Since = { readonly position: number } | { readonly time: number }

/** What is said of a command by whoever delivers it for somebody else. */
export interface DeliveryOptions extends CommandOptions {
  /**
   * It may have been carried out already, by events behind this: they are looked for where the actor doesn't
   * remember its id any more.
   * @default what the actor remembers says whether it was
   */
  readonly since?: Since | undefined
}

/** How long to wait to be told what became of a command, and how far back to look. */
export interface OutcomeOptions {
  /** When it was sent first, as in {@link CommandOptions}. @default what the actor remembers is told */
  readonly firstSent?: Date
  /** Ends the waiting by throwing the signal's reason. */
  readonly signal?: AbortSignal
  /** In milliseconds; then it fails as `timeout`. @default the limit `commandTimeoutMs` */
  readonly timeoutMs?: number
}

/** What is stored of a command, and what its actor was behind it. */
export interface CommandOutcome<State = unknown, Event = unknown> {
  readonly actorId: ActorId
  /** The version of the actor after this command. */
  readonly version: number
  /**
   * Where this stands in the log: whoever has read it up to here has read all that this answer shows.
   * That of the command's last event; where it made none, of one behind.
   */
  readonly position: number
  /**
   * What was stored for this command, as the definition of today would store it: by its present names and
   * upcasts, without those that are retired. The store's own reads give what was stored.
   */
  readonly events: readonly (StoredEvent & Event)[]
  /** The state after this command. */
  readonly state: State
}

/** What a command led to. It is stored when this is told. */
export interface CommandResult<
  State = unknown,
  Event = unknown,
  Reply = unknown,
> extends CommandOutcome<State, Event> {
  /** What the definition's `reply` gave, where it has one. */
  readonly reply: Reply
}

/** Where the events of one command stand. */
export interface CommandRecord {
  /** Behind `lastVersion` where it made no event. */
  readonly firstVersion: number
  readonly lastVersion: number
  /** Tells it from another command that was given the same id. */
  readonly digest: string
  /** Where the state stood in the log that it was answered with; only where it made no event. */
  readonly position?: number
}

/** A valid command on its way to one actor. */
export interface Command {
  readonly name: string
  /** Of the actor. */
  readonly type: string
  readonly model: CommandModel
  readonly input: unknown
  readonly metadata: Metadata
  readonly identity: CommandIdentity | undefined
  /** Where it stands if it was carried out before, as its history says: it holds whatever the actor remembers. */
  readonly earlier?: CommandRecord | undefined
  /** What was fetched for the decision. */
  readonly prepared: unknown
}

/** Recognises a command that comes again. */
export interface CommandIdentity {
  readonly id: string
  /** Tells apart two commands that were given the same id. */
  readonly digest: string
}

const maxCommandIdLength = 200

/** @throws AetherError `invalid-argument` */
export function identify(id: string, name: string, input: unknown): CommandIdentity {
  checkCommandId(id)
  return { id, digest: hash('sha256', `${name}\n${canonicalJson(input)}`).slice(0, 32) }
}

/** @throws AetherError `invalid-argument` */
export function checkCommandId(id: string): void {
  if (typeof id === 'string' && id !== '' && id.length <= maxCommandIdLength) return
  const message = `a command id must be 1 to ${maxCommandIdLength} characters of text`
  throw new AetherError('invalid-argument', message)
}

/** The same text for the same content, whatever the order of its members. */
function canonicalJson(input: unknown): string {
  try {
    return (
      JSON.stringify(input, (_name, value: unknown) =>
        isObject(value) ? sortedByName(value) : value,
      ) ?? ''
    )
  } catch (cause) {
    throw new AetherError(
      'invalid-argument',
      `a command with an id needs input that is JSON: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws TypeError for what JSON shows nothing of: two of them would be taken for one */
function sortedByName(value: object): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`an instance of ${value.constructor?.name ?? 'a class'}`)
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
