import { type ActorId, type ErrorCode, isAetherError, messageOf } from '../../core/index.ts'
import { longestPauseMs, pauseAfter } from '../definition/reader-options.ts'
import type { FailedEvent } from './failed-event.ts'

/** An actor whose event failed: neither it nor those behind it are handled before it succeeds. */
export interface HeldActor {
  readonly actorId: ActorId
  /** `retrying` is tried again by itself; `parked` waits for somebody, or for another member. */
  readonly state: 'retrying' | 'parked'
  /** Where the event that failed stands in the log. */
  readonly position: number
  /** Where it ends, if it takes up more than one position. */
  readonly lastPosition?: number
  /** Of the event that failed; undefined where the log can't tell. */
  readonly version?: number
  /** The name of the event that failed; undefined where the log can't tell. */
  readonly type?: string
  /** Why it failed the last time. */
  readonly cause: HeldCause
  /** How often it was tried. */
  readonly tries: number
  /**
   * The event that failed is done with, or passed over: which one is next, and whether it fails, is not known
   * yet. Left out where one has failed.
   */
  readonly isUntried?: true
  /** When it failed first, and when it is tried next: milliseconds since 1970, UTC. */
  readonly since: number
  readonly nextTry: number
}

/** What a handler threw. */
export interface HeldCause {
  /** Of an error that has one, such as `malformed-event` or `ERR_SQLITE_ERROR`. */
  readonly code?: string
  readonly message: string
  /** Where it was thrown: its first lines. */
  readonly stack?: string
}

export interface RetryRules {
  readonly retries: number
  readonly retryMs: number
}

const maxMessageLength = 200
const maxStackLines = 3
const maxStackLength = 400

/** The actor after one more failure, of this event. */
export function holdBack(
  failed: FailedEvent,
  thrown: unknown,
  before: HeldActor | undefined,
  { retries, retryMs, now }: RetryRules & { readonly now: number },
): HeldActor {
  const isSame = before?.position === failed.position
  // Another event is another trouble: its tries are counted anew.
  const tries = (isSame ? triesFor(thrown, before, retries) : 0) + 1
  const { actorId, position, lastPosition, version, type } = failed
  return {
    actorId,
    state: isForGood(thrown) || (tries > retries && !isPassing(thrown)) ? 'parked' : 'retrying',
    position,
    ...(lastPosition !== undefined && { lastPosition }),
    ...(version !== undefined && { version }),
    ...(type !== undefined && { type }),
    cause: causeOf(thrown),
    tries,
    since: isSame ? before.since : now,
    nextTry: now + pauseAfter(tries, retryMs),
  }
}

/** In how many milliseconds it is tried again by itself; infinite where it is parked. */
export function restMsOf({ state, nextTry }: HeldActor, now: number): number {
  if (state === 'parked') return Infinity
  const ms = nextTry - now
  // No pause is so long: the clock was set back since.
  return ms > longestPauseMs ? 0 : Math.max(0, ms)
}

/** The same actor, due at once. */
export function dueNow(actor: HeldActor, now: number): HeldActor {
  return { ...actor, state: 'retrying', tries: 0, nextTry: now }
}

/** The same actor without the event that failed: what comes behind it is due at once. */
export function passedOver(actor: HeldActor, now: number): HeldActor {
  const { lastPosition, version, type: _type, ...rest } = actor
  const behind = { position: (lastPosition ?? actor.position) + 1 }
  const next = { ...behind, ...(version !== undefined && { version: version + 1 }) }
  return dueNow({ ...rest, ...next, isUntried: true }, now)
}

/**
 * How often it was tried before, as far as that counts. One that was parked is tried once more by whoever takes
 * over, whose code may be another: where that fails for another reason than before, it is tried as often as any.
 */
function triesFor(thrown: unknown, { tries, cause }: HeldActor, retries: number): number {
  return tries > retries && !isLike(cause, causeOf(thrown)) ? 0 : tries
}

function isLike(a: HeldCause, b: HeldCause): boolean {
  return a.code === b.code && (a.code !== undefined || a.message === b.message)
}

/** Others were faster with the actor that it asked. They get on, so that is over some time. */
function isPassing(thrown: unknown): boolean {
  return isAetherError(thrown) && passingCodes.has(thrown.code)
}

const passingCodes: ReadonlySet<ErrorCode> = new Set(['version-conflict', 'overloaded'])

/** What was removed doesn't come back by itself. */
function isForGood(thrown: unknown): boolean {
  return isAetherError(thrown) && thrown.code === 'history-trimmed'
}

function causeOf(thrown: unknown): HeldCause {
  const message = messageOf(thrown).slice(0, maxMessageLength)
  const code = codeOf(thrown)
  const stack = stackOf(thrown)
  return { ...(code !== undefined && { code }), message, ...(stack !== undefined && { stack }) }
}

function codeOf(thrown: unknown): string | undefined {
  if (isAetherError(thrown)) return thrown.code
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : undefined
}

function stackOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return undefined
  const frames = thrown.stack.split('\n').filter((line) => line.trimStart().startsWith('at '))
  const first = frames.slice(0, maxStackLines).map((line) => line.trim())
  return first.join('\n').slice(0, maxStackLength)
}
