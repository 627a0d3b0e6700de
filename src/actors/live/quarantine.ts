import {
  AetherError,
  type ActorId,
  type Clock,
  type ErrorCode,
  isAetherError,
  type Logger,
  messageOf,
} from '../../core/index.ts'

/** An actor that is not asked any more, because its own code failed again and again. */
export interface QuarantinedActor {
  readonly actorId: ActorId
  /** What failed last. */
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly since: string
}

/** What an actor itself is at fault for. */
const isFault: ReadonlySet<ErrorCode> = new Set(['actor-failed', 'malformed-event'])

/** Of how many actors failures are counted, and how many are in quarantine; beyond it the oldest go. */
const maxActors = 10_000
/** How long nobody asks it before one command may try whether it is mended. */
const tryAfterMs = 60_000
/** How many characters of a reason are kept: it is whatever the actor's code threw. */
const maxReasonLength = 1_000

/**
 * Keeps actors that fail again and again from being asked: each failure may cost a whole replay, and
 * others share the process. Once a minute one command is let through: where that succeeds it is lifted, as
 * by {@link resume}, with the process, or where 10,000 others followed.
 */
export class Quarantine {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #limit: number
  /** How often each actor failed without having succeeded since. */
  readonly #failures = new Map<ActorId, number>()
  // What was thrown isn't kept: as much as it likes may hang on it.
  readonly #actors = new Map<ActorId, QuarantinedActor>()
  /** When each of them may be tried, by the monotonic clock. */
  readonly #tries = new Map<ActorId, number>()

  constructor(clock: Clock, logger: Logger, limit: number) {
    this.#clock = clock
    this.#logger = logger
    this.#limit = limit
  }

  /** @throws AetherError `actor-quarantined` */
  check(actorId: ActorId): void {
    const found = this.#actors.size > 0 ? this.#actors.get(actorId) : undefined
    if (!found || this.#isToBeTried(actorId)) return
    const { reason, since } = found
    throw new AetherError(
      'actor-quarantined',
      `${actorId} is not asked any more since ${since}, it failed ${this.#limit} times in a row: ${reason}. Mend it and resume it, or wait: once a minute one command is let through`,
    )
  }

  noteFailure(actorId: ActorId, error: unknown): void {
    if (!isAetherError(error) || !isFault.has(error.code)) return
    const failures = (this.#failures.get(actorId) ?? 0) + 1
    this.#failures.delete(actorId)
    this.#failures.set(actorId, failures)
    if (failures >= this.#limit) {
      this.#isolate(actorId, error)
      return
    }
    const oldest = this.#failures.keys().next().value
    if (this.#failures.size > maxActors && oldest !== undefined) this.#failures.delete(oldest)
  }

  noteSuccess(actorId: ActorId): void {
    if (this.#failures.size > 0) this.#failures.delete(actorId)
    if (this.#actors.size === 0 || !this.#release(actorId)) return
    this.#logger.info({ actorId }, `${actorId} is asked again: a command succeeded`)
  }

  get list(): readonly QuarantinedActor[] {
    return [...this.#actors.values()]
  }

  /** Lets it be asked again; false where it was not in quarantine. */
  resume(actorId: ActorId): boolean {
    this.#failures.delete(actorId)
    return this.#release(actorId)
  }

  #isToBeTried(actorId: ActorId): boolean {
    const now = this.#clock.monotonic()
    if (now < (this.#tries.get(actorId) ?? 0)) return false
    this.#tries.set(actorId, now + tryAfterMs)
    return true
  }

  #release(actorId: ActorId): boolean {
    this.#tries.delete(actorId)
    return this.#actors.delete(actorId)
  }

  #isolate(actorId: ActorId, cause: unknown): void {
    this.#failures.delete(actorId)
    if (this.#actors.has(actorId)) return
    const reason = messageOf(cause).slice(0, maxReasonLength)
    const since = new Date(this.#clock.now()).toISOString()
    this.#actors.set(actorId, { actorId, reason, since })
    this.#tries.set(actorId, this.#clock.monotonic() + tryAfterMs)
    this.#logger.error({ actorId, reason }, `${actorId} is in quarantine: ${reason}`)
    if (this.#actors.size > maxActors) this.#letOldestOut()
  }

  #letOldestOut(): void {
    for (const actorId of this.#actors.keys()) {
      this.#release(actorId)
      const message = `${actorId} is asked again: ${maxActors} others are in quarantine since`
      this.#logger.warn({ actorId }, message)
      return
    }
  }
}
