import type { ReminderSettings } from '../../actors/index.ts'
import { type ActorId, type Metadata, toJson } from '../../core/index.ts'
import { sortedJsonLine } from '../rehearsal/json-lines.ts'

/** One thing that a policy's handler did about an event. */
export interface PolicyStep {
  readonly kind: 'send' | 'tell' | 'schedule' | 'unschedule' | 'transact'
  /** Whom it is for: several where it is a decision over several. */
  readonly actors: readonly ActorId[]
  /** Undefined where it is no command. */
  readonly command?: string
  /** As JSON. */
  readonly input?: unknown
  /** What the reminder is called, and when it fires. */
  readonly reminder?: ReminderTimes
  /** By which it takes effect once: the same whenever the event is handled. */
  readonly commandId?: string
  /** What the events that follow from it get. */
  readonly metadata?: Metadata
}

/** What a reminder is called, and when it fires: no time where it is cancelled. */
export interface ReminderTimes extends Pick<ReminderSettings, 'name'> {
  readonly at?: Date
  readonly afterMs?: number
  readonly everyMs?: number
}

/** A step as a test expects it: its id and its metadata follow from the event. */
export type ExpectedStep = Omit<PolicyStep, 'commandId' | 'metadata'>

/** `send stock-lamp ship {"order":"o-1"}`: the same for steps that are alike. */
export function stepLine({ kind, actors, command, input, reminder }: ExpectedStep): string {
  const words = [kind, actors.join(', '), command]
  if (input !== undefined) words.push(sortedJsonLine(input))
  if (reminder) words.push(`as ${sortedJsonLine(reminder)}`)
  return words.filter((word) => word !== undefined).join(' ')
}

/** A command's part of a step. */
export function commandOf(command: string, input: unknown): Pick<PolicyStep, 'command' | 'input'> {
  return { command, ...(input !== undefined && { input: toJson(input) }) }
}
