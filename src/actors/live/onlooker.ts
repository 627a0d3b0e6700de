import {
  ActorFailedError,
  type ActorId,
  AetherError,
  isAetherError,
  Promptness,
  toJson,
} from '../../core/index.ts'
import { validInput } from '../deciding/make-command.ts'
import type { ActorModel, QueryModel } from '../definition/model.ts'
import type { Models } from '../definition/models.ts'
import { deadlineOf, type Deadlines } from './deadlines.ts'
import { Look } from './look.ts'
import type { ActorState } from '../replay/fold.ts'
import type { StateAt } from './state-at.ts'
import { History, type Moment } from '../replay/history.ts'
import type { LiveActors } from './live-actors.ts'
import { reportIfSlow, type Work } from './slow-work.ts'
import type { Surroundings } from './surroundings.ts'

/** How to look at an actor. */
export interface LookOptions {
  /** What it was at this version. @default what it is now */
  readonly version?: number
  /** How long it may take, in milliseconds; `Infinity`: as long as it does. @default commandTimeoutMs of the node's limits */
  readonly timeoutMs?: number
  /** Ends the look by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads what actors are and were, fresh from the store, and brings none to life. */
export class Onlooker {
  readonly #models: Models
  readonly #around: Surroundings
  readonly #live: LiveActors
  readonly #deadlines: Deadlines
  readonly #promptness = new Promptness()

  constructor(models: Models, around: Surroundings, live: LiveActors, deadlines: Deadlines) {
    this.#models = models
    this.#around = around
    this.#live = live
    this.#deadlines = deadlines
  }

  /** @throws AetherError `unknown-actor-type`, `invalid-argument`, `timeout`, and those of the store */
  async look(actorId: ActorId, options: LookOptions = {}): Promise<StateAt> {
    return this.#inTime(options, async (look) => {
      const { version, state } = await this.#find(actorId, options, look)
      return { actorId, version, state }
    })
  }

  #inTime<Answer>(
    { timeoutMs = this.#around.limits.commandTimeoutMs, signal }: LookOptions,
    work: (look: Look<Answer>) => Promise<Answer>,
  ): Promise<Answer> {
    const deadline = deadlineOf(timeoutMs, this.#around.clock.monotonic())
    return new Look<Answer>(this.#deadlines, deadline, signal).at(work)
  }

  async #find(
    actorId: ActorId,
    { version, signal }: LookOptions,
    look: { readonly signal: AbortSignal },
  ): Promise<ActorState> {
    const model = this.#models.of(actorId)
    if (version !== undefined) checkVersion(version)
    // Where the store answers at once, who looks at one actor after the other would hold up everything else.
    await this.#promptness.pause()
    const { store, snapshots } = this.#around
    const history = new History(store, model, actorId)
    const known = version === undefined ? this.#live.find(actorId)?.lastKnown : undefined
    if (known) {
      const now = await history.replay({ from: known, signal }).catch(unlessTrimmed)
      if (now) return now
    }
    // A long replay ends with its time.
    const ending = look.signal
    const maxVersion = version ?? Infinity
    const kept = await snapshots.load(model, actorId, { maxVersion, signal: ending })
    const from = kept?.state
    return version === undefined
      ? history.replay({ from, signal: ending })
      : history.at(version, { from, signal: ending })
  }

  hasQuery(actorId: ActorId, name: string): boolean {
    return this.#models.of(actorId).queries.has(name)
  }

  /**
   * @throws AetherError `unknown-actor-type`, `unknown-query`, `invalid-input`, `actor-failed`, `timeout`, and
   * those of the store
   */
  async query(
    actorId: ActorId,
    name: string,
    input: unknown,
    options: LookOptions = {},
  ): Promise<unknown> {
    return this.#inTime<unknown>(options, (look) =>
      this.#query(actorId, { name, input }, options, look),
    )
  }

  async #query(
    actorId: ActorId,
    { name, input }: { readonly name: string; readonly input: unknown },
    options: LookOptions,
    look: { readonly signal: AbortSignal },
  ): Promise<unknown> {
    const model = this.#models.of(actorId)
    const { input: schema, answer } = queryOf(model, name)
    const given = this.#timed({ actorId, part: 'input', name }, () =>
      validInput(model.type, name, schema, input),
    )
    const valid = await given
    const { state, version } = await this.#find(actorId, options, look)
    return this.#timed({ actorId, part: 'answer', name }, () => {
      try {
        const answered = answer(state, valid, { actorId, version, now: this.#around.clock.now() })
        return answered === undefined ? undefined : toJson(answered)
      } catch (cause) {
        throw new ActorFailedError(actorId, `answer of ${name}`, cause)
      }
    })
  }

  #timed<T>(work: Work, doWork: () => T): T {
    const { clock } = this.#around
    const since = clock.monotonic()
    try {
      return doWork()
    } finally {
      reportIfSlow(clock.monotonic() - since, this.#around, work)
    }
  }

  /**
   * Each event of an actor, and what it made of it, from the first one on.
   * @throws AetherError `malformed-event`, `actor-failed`, those of the store
   */
  history(actorId: ActorId, signal?: AbortSignal): AsyncGenerator<Moment, void> {
    const history = new History(this.#around.store, this.#models.of(actorId), actorId)
    return history.moments({ signal })
  }
}

function queryOf(model: ActorModel, name: string): QueryModel {
  const query = model.queries.get(name)
  if (query) return query
  const known = [...model.queries.keys()].join(', ') || 'none'
  throw new AetherError('unknown-query', `${model.type} has no query ${name}; there is ${known}`)
}

/** Another process may have gone on from there and had the events removed; a snapshot may cover them. */
function unlessTrimmed(error: unknown): undefined {
  if (isAetherError(error) && error.code === 'history-trimmed') return undefined
  throw error
}

function checkVersion(version: number): void {
  if (Number.isSafeInteger(version) && version >= 0) return
  const message = `version must be a whole number from 0, not ${String(version)}`
  throw new AetherError('invalid-argument', message)
}
