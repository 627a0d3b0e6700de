import type { ActorId } from '../../core/index.ts'
import type { Progress, ProgressChange } from '../../store/index.ts'
import { type LogMark, readMark, type StoredMark, storedMark } from './log-mark.ts'
import type { HeldActor, HeldCause } from './held-actor.ts'

/** An event that somebody decided to pass over. */
export interface SkippedEvent {
  readonly actorId: string
  readonly position: number
  readonly reason: string
  /** When, by the clock of who did it. */
  readonly time: string
}

/** How far a part is; what is not of actors held back is handled up to here. */
export interface PartState {
  readonly position: number
  readonly held: ReadonlyMap<ActorId, HeldActor>
  /** The newest ones. */
  readonly skipped: readonly SkippedEvent[]
  /** Events behind the position that are handled all the same: where they needn't be in order. */
  readonly done: readonly number[]
  /**
   * Nothing more may be handled: another build is to take over from here, by this attempt of a switch.
   * Undefined where none is under way.
   */
  readonly frozenFor: number | undefined
  /** An event up to which the log was read, or further; undefined where none was, or an older Aether stored it. */
  readonly mark: LogMark | undefined
}

/** How many skipped events are remembered of a part. */
const maxSkipped = 100

/** One part of a build, as it is stored and as it is by now. */
export interface PartProgress {
  readonly part: string
  /** Undefined where it was never stored. */
  readonly revision: number | undefined
  /** The position that is stored. */
  readonly storedPosition: number
  readonly state: PartState
}

export function newPart(part: string, position: number): PartProgress {
  const state = {
    position,
    held: new Map(),
    skipped: [],
    done: [],
    frozenFor: undefined,
    mark: undefined,
  }
  return { part, revision: undefined, storedPosition: -1, state }
}

interface Stored {
  readonly position: number
  readonly held?: readonly HeldActor[]
  readonly skipped?: readonly SkippedEvent[]
  readonly done?: readonly number[]
  readonly frozen?: number
  readonly mark?: StoredMark
}

export function readProgress({ part, text, revision }: Progress): PartProgress {
  const {
    position,
    held = [],
    skipped = [],
    done = [],
    frozen: frozenFor,
    mark: stored,
  } = JSON.parse(text) as Stored
  const byActor = new Map(held.map((actor) => [actor.actorId, actor]))
  const mark = stored && readMark(stored)
  const state = { position, held: byActor, skipped, done, frozenFor, mark }
  return { part, revision, storedPosition: position, state }
}

/**
 * A part as a member finds it that takes it over: who is parked is due once more, as the code that failed may
 * have been another.
 */
export function takenOver(progress: PartProgress, now: number): PartProgress {
  const { state } = progress
  if (![...state.held.values()].some(isParked)) return progress
  const held = Array.from(state.held, ([id, actor]): [ActorId, HeldActor] =>
    isParked(actor) ? [id, { ...actor, state: 'retrying', nextTry: now }] : [id, actor],
  )
  return { ...progress, state: { ...state, held: new Map(held) } }
}

function isParked({ state }: HeldActor): boolean {
  return state === 'parked'
}

export function changeTo({ part, revision }: PartProgress, state: PartState): ProgressChange {
  const { position, held, skipped, done, frozenFor, mark } = state
  const stored: Stored = {
    position,
    ...(held.size > 0 && { held: [...held.values()] }),
    ...(skipped.length > 0 && { skipped }),
    ...(done.length > 0 && { done }),
    ...(frozenFor !== undefined && { frozen: frozenFor }),
    ...(mark && { mark: storedMark(mark) }),
  }
  return { part, text: JSON.stringify(stored), expected: revision }
}

/** What of a message is kept where there is little room. */
const shortMessageLength = 40

/**
 * The same progress in less and less bytes: what is said of the causes gets shorter, and who is held back,
 * and by which event, stays.
 */
export function* shortened(text: string): Generator<string> {
  const { held = [], ...rest } = JSON.parse(text) as Stored
  const withCauses = (shorter: (cause: HeldCause) => HeldCause): string =>
    JSON.stringify({
      ...rest,
      held: held.map((actor) => ({ ...actor, cause: shorter(actor.cause) })),
    })
  const brief = (cause: HeldCause): HeldCause => ({
    ...(cause.code !== undefined && { code: cause.code }),
    message: cause.message,
  })
  yield withCauses(brief)
  yield withCauses((cause) => ({
    ...brief(cause),
    message: cause.message.slice(0, shortMessageLength),
  }))
}

/** How many actors are held back in a progress that is to be stored. */
export function heldIn(text: string): number {
  return (JSON.parse(text) as Stored).held?.length ?? 0
}

/** The state with one actor held back, or held back otherwise. */
export function holding(state: PartState, actor: HeldActor): PartState {
  return { ...state, held: new Map([...state.held, [actor.actorId, actor]]) }
}

/** The state with an event of an actor that is held back passed over. */
export function skipping(state: PartState, actor: HeldActor, skipped: SkippedEvent): PartState {
  return { ...holding(state, actor), skipped: [...state.skipped, skipped].slice(-maxSkipped) }
}

/** The state with an actor free again. */
export function releasing(state: PartState, actorId: ActorId): PartState {
  const held = new Map(state.held)
  held.delete(actorId)
  return { ...state, held }
}

/** Where the one is that is least far; infinite without any. */
export function leastOf(parts: readonly PartState[]): number {
  return Math.min(...parts.map(({ position }) => position))
}

/** Where the furthest event stands of which something is known; 0 where none is. */
export function furthestOf(parts: readonly PartState[]): number {
  return Math.max(
    0,
    ...parts.flatMap(({ position, done, mark }) => [position, ...done, mark?.position ?? 0]),
  )
}

/** Who is held back by an event up to a position, in the order of the events. */
export function heldUpTo(position: number, parts: readonly PartState[]): readonly HeldActor[] {
  return parts
    .flatMap(({ held }) => [...held.values()])
    .filter((actor) => actor.position <= position)
    .toSorted((a, b) => a.position - b.position)
}

/** The parts that a member works on, as far as they are by now. */
export interface KnownParts {
  readonly all: readonly PartProgress[]
  get(part: number): PartProgress | undefined
  /** Of the one that is least far. */
  readonly position: number
}
