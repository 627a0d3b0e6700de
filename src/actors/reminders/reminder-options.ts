import { AetherError, type Metadata } from '../../core/index.ts'
import type { AgendaKind } from '../../store/index.ts'
import { endOfTime } from './reminder.ts'

/** What may be said with a message besides the input of its command. */
export interface TellOptions {
  /**
   * Names the message, and the command that it becomes: telling it again, or sending the same command
   * with this id, does nothing more.
   * @default none: every telling is a message of its own
   */
  readonly commandId?: string
  /** When it was told or sent first under its `commandId`, where it may have been: as with a command. */
  readonly firstSent?: Date
  /** Goes into every event that the command makes; `causationId` is set to the message's id. */
  readonly metadata?: Metadata
  /**
   * Before the message is sent to the store, nothing is told and its reason is thrown. From then on it
   * changes nothing: who stopped waiting would not know what became of it.
   */
  readonly signal?: AbortSignal
  /**
   * How long it may take, in milliseconds: `timeout` where the message was not sent to the store by then,
   * `outcome-unknown` where it was. @default as long as the store tries
   */
  readonly timeoutMs?: number
}

/** How what waits is cancelled. */
export interface UnscheduleOptions {
  /** As `reminders()` shows it: a `message` is what `tell` made durable. @default 'reminder' */
  readonly kind?: AgendaKind
  /** As in {@link TellOptions}: before the store is asked, nothing is cancelled and its reason is thrown. */
  readonly signal?: AbortSignal
  /** As in {@link TellOptions}. @default as long as the store tries */
  readonly timeoutMs?: number
}

/** What a reminder is called, and when it fires. */
export type ReminderOptions = ReminderSettings & ReminderTime

/** When a reminder fires: `at` a time, `afterMs` from now, or `everyMs`, of which the first may be given. */
export type ReminderTime =
  | {
      readonly at: Date
      readonly afterMs?: never
      /** Milliseconds from one firing to the next. @default none: it fires once */
      readonly everyMs?: number
    }
  | {
      /** Milliseconds from now. */
      readonly afterMs: number
      readonly at?: never
      /** Milliseconds from one firing to the next. @default none: it fires once */
      readonly everyMs?: number
    }
  | {
      /** Milliseconds from now to the first firing, and from one to the next. */
      readonly everyMs: number
      readonly at?: never
      readonly afterMs?: never
    }

/** What is said of a reminder besides its time. */
export interface ReminderSettings {
  /** 1 to 200 characters; an actor has one reminder of a name, and scheduling it again replaces it. */
  readonly name: string
  /**
   * Names this scheduling, at most 150 characters: repeated while the reminder stands, it changes
   * nothing, and what has fired under it is not executed again.
   * @default none: every scheduling is one of its own
   */
  readonly commandId?: string
  /** Goes into every event that the command makes; `causationId` is set to the reminder's id. */
  readonly metadata?: Metadata
  /** As in {@link TellOptions}: before the store is asked, nothing is scheduled and its reason is thrown. */
  readonly signal?: AbortSignal
  /** As in {@link TellOptions}. @default as long as the store tries */
  readonly timeoutMs?: number
}

/** How many of those that wait are wanted. */
export interface RemindersOptions {
  /** @default 1,000 */
  readonly limit?: number
  /** Ends the look by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

const maxNameLength = 200

/** When it fires first. @throws AetherError `invalid-argument` */
export function firstFiring({ at, afterMs, everyMs }: ReminderOptions, now: number): number {
  if (everyMs !== undefined) checkWhole('everyMs', everyMs, 1)
  if (at !== undefined && afterMs !== undefined)
    throw invalid('a reminder fires at a time or after some, not both')
  const first = at === undefined ? now + firstDelay(afterMs, everyMs) : new Date(at).getTime()
  if (!(Number.isSafeInteger(first) && first >= 0 && first <= endOfTime))
    throw invalid(
      `a reminder can't fire at ${String(at ?? first)}: it is no time from 1970 to 9999`,
    )
  if (first + (everyMs ?? 0) <= endOfTime) return first
  throw invalid(`everyMs is too long: ${everyMs} ms after its first time, time has ended`)
}

function firstDelay(afterMs: number | undefined, everyMs: number | undefined): number {
  const delay = afterMs ?? everyMs
  if (delay === undefined) throw invalid('a reminder needs one of at, afterMs and everyMs')
  return checkWhole('afterMs', delay, 0)
}

/** @throws AetherError `invalid-argument` */
export function checkLimit(limit: number): number {
  return limit === Infinity ? limit : checkWhole('limit', limit, 1)
}

/** @throws AetherError `invalid-argument` */
export function checkName(kind: AgendaKind, name: string): string {
  if (kind !== 'message' && kind !== 'reminder')
    throw invalid(`kind must be message or reminder, not ${String(JSON.stringify(kind))}`)
  return checkText(`the name of a ${kind}`, name, maxNameLength)
}

/** @throws AetherError `invalid-argument` */
export function checkText(what: string, text: string, maxLength: number): string {
  const isText = typeof text === 'string' && text !== '' && text.length <= maxLength
  if (isText && text.isWellFormed()) return text
  throw invalid(
    `${what} must be 1 to ${maxLength} characters of Unicode text, not ${String(JSON.stringify(text)).slice(0, 60)}`,
  )
}

function checkWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw invalid(`${name} must be a whole number from ${least}, not ${String(value)}`)
}

function invalid(message: string): AetherError {
  return new AetherError('invalid-argument', message)
}
