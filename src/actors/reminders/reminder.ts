import type { ActorId, JsonValue, Metadata } from '../../core/index.ts'
import type { AgendaEntry, AgendaKind, NextEntry } from '../../store/index.ts'
import type { Since } from '../deciding/command.ts'

/** A command that waits for its time, or for a failure to pass. */
export interface Reminder {
  /** The `causationId` of the events that it leads to. */
  readonly id: string
  readonly actorId: ActorId
  /** A reminder was scheduled, a message was told. */
  readonly kind: AgendaKind
  readonly name: string
  readonly command: string
  readonly input: JsonValue | undefined
  /** When it is tried next: ISO 8601, UTC. */
  readonly due: string
  /** Undefined where it fires once. */
  readonly everyMs: number | undefined
  /** How often this firing failed. */
  readonly attempts: number
  /** Why it failed last. */
  readonly lastError: string | undefined
}

/** What is kept of it as the text of an entry. */
export interface ReminderRecord {
  readonly id: string
  readonly command: string
  readonly input?: JsonValue
  readonly metadata: Metadata
  /** Under which id a message is executed; that of a reminder follows from its firing. */
  readonly commandId?: string
  readonly everyMs?: number
  /** When this firing should be, whatever came between. */
  readonly beat: number
  /** The first is 1. */
  readonly firing: number
  readonly attempts: number
  readonly lastError?: string
  /** It was asked for again, and may have been carried out, since then, under the same id. */
  readonly since?: Since
}

/** The last millisecond of the year 9999: there is no later one in RFC 3339, which servers read. */
export const endOfTime = 253_402_300_799_999

/** The pause after the first failure; each further one is twice as long. */
const firstPauseMs = 1_000
const longestPauseMs = 300_000
/** How many characters of a reason are kept: it is whatever was thrown, and has to fit where the command did. */
const maxReasonLength = 1_000

export function encodeRecord(record: ReminderRecord): string {
  return JSON.stringify(record)
}

/** @throws Error where the text is none. */
export function decodeRecord(text: string): ReminderRecord {
  const record = JSON.parse(text) as ReminderRecord | null
  if (typeof record?.command === 'string' && typeof record.beat === 'number') return record
  throw new Error('it is no reminder')
}

/** The id by which the actor knows this firing, and every repetition of it. */
export function commandIdOf({ id, commandId, firing }: ReminderRecord): string {
  return commandId ?? `reminder:${id}:${firing}`
}

/** Of a repeating one, the first beat in the future; those that nobody heard are left out. */
export function afterFiring(record: ReminderRecord, now: number): NextEntry | undefined {
  const { everyMs, beat, firing, lastError: _, ...rest } = record
  if (everyMs === undefined) return undefined
  const missed = Math.max(0, Math.floor((now - beat) / everyMs))
  const due = beat + (missed + 1) * everyMs
  if (due > endOfTime) return undefined
  const next = { ...rest, everyMs, beat: due, firing: firing + 1, attempts: 0 }
  return { due, text: encodeRecord(next) }
}

/** The same firing again, after a pause that grows from a second to five minutes. */
export function afterFailure(record: ReminderRecord, reason: string, now: number): NextEntry {
  const pauseMs = Math.min(firstPauseMs * 2 ** record.attempts, longestPauseMs)
  const lastError = reason.slice(0, maxReasonLength).toWellFormed()
  const next = { ...record, attempts: record.attempts + 1, lastError }
  return { due: now + pauseMs, text: encodeRecord(next) }
}

/** @throws Error where the text of the entry can't be read. */
export function reminderOf({ actorId, kind, name, due, text }: AgendaEntry): Reminder {
  const { id, command, input, everyMs, attempts, lastError } = decodeRecord(text)
  return {
    id,
    actorId,
    kind,
    name,
    command,
    input,
    due: new Date(due).toISOString(),
    everyMs,
    attempts,
    lastError,
  }
}
