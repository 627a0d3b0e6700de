import { AetherError, type Clock, isAetherError, messageOf } from '../core/index.ts'
import type { EventStore, ProjectionBuild, ProjectionTarget } from '../store/index.ts'
import { type PartOwnership, ownsAll } from './part-ownership.ts'
import { readProgress } from './part-progress.ts'
import { partNames } from './part.ts'
import { PolicyReader } from './policy-reader.ts'
import { PolicyTarget } from './policy-target.ts'
import type { PolicySurroundings } from './policy-work.ts'
import type { ProjectionLag, ProjectionStatus } from './projection-status.ts'
import type { ReaderHealth } from './reader-health.ts'
import type { ReaderDefinition } from './reader-definition.ts'
import type { ReaderModel } from './reader-model.ts'
import { Reader } from './reader.ts'

/** How to wait for a position. */
export interface ReachedOptions {
  /** Ends the waiting by throwing the signal's reason. */
  readonly signal?: AbortSignal
  /** How long to wait, in milliseconds. @default 5,000 */
  readonly timeoutMs?: number
}

/** How often it is looked how far other members are. */
const pollMs = 50

/** One reader of the log on this node. */
export class ReaderHost implements AsyncDisposable {
  readonly model: ReaderModel
  readonly target: ProjectionTarget
  readonly #store: EventStore
  readonly #clock: Clock
  readonly #build: ProjectionBuild
  readonly #ownership: PartOwnership
  readonly #reader: Reader | PolicyReader
  readonly #waiting = new Set<() => void>()

  constructor({ model }: ReaderDefinition, around: Omit<PolicySurroundings, 'onProgress'>) {
    this.model = model
    this.#store = around.store
    this.#clock = around.clock
    this.target = model.makeTarget(around.store, model.options)
    this.#build = { projection: model.name, build: 1 }
    this.#ownership = ownsAll(partNames(model.options.parts))
    const onProgress = (): void => {
      for (const look of [...this.#waiting]) look()
    }
    const { target, ownership } = { target: this.target, ownership: this.#ownership }
    const surroundings = { ...around, onProgress }
    this.#reader =
      target instanceof PolicyTarget
        ? new PolicyReader(model, this.#build, { target, ownership }, surroundings)
        : new Reader(model, this.#build, { target, ownership }, surroundings)
  }

  /** Resolves once it is kept where it begins that was never started before. */
  async begun(): Promise<void> {
    if (this.target instanceof PolicyTarget) await this.target.startOf(this.#build)
  }

  /** The build that is read. */
  get activeBuild(): ProjectionBuild {
    return this.#build
  }

  /**
   * Resolves when everything up to this position has taken effect in what is read.
   * @throws AetherError `timeout`; the signal's reason
   */
  async reached(
    position: number,
    { signal, timeoutMs = 5_000 }: ReachedOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted()
    if (await this.#isAt(position)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => reject(signal?.reason as Error)
    const look = (): void => {
      this.#isAt(position).then((isThere) => isThere && resolve(), reject)
    }
    signal?.addEventListener('abort', onAbort)
    this.#waiting.add(look)
    using _poll = this.#clock.every(pollMs, look)
    using _alarm = this.#clock.every(timeoutMs, () => reject(this.#tooLate(position, timeoutMs)))
    look()
    try {
      await promise
    } finally {
      this.#waiting.delete(look)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Whether it works, without asking anybody. */
  get health(): ReaderHealth {
    const { kind, name } = this.model
    const { state, error } = this.#reader
    return { kind, name, state, error }
  }

  async status(): Promise<ProjectionStatus> {
    const { name, kind, version } = this.model
    const parts = await this.#progress()
    const position = parts.reduce((least, part) => Math.min(least, part.position), Infinity)
    const held = parts.flatMap((part) => [...part.held.values()])
    const parked = held.filter((actor) => actor.state === 'parked').length
    const { state, error } = this.#reader
    return {
      name,
      kind,
      version,
      build: this.#build.build,
      state,
      position,
      lag: await this.#lagBehind(position),
      parked,
      retrying: held.length - parked,
      members: 1,
      ...(error !== undefined && { error: described(error) }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]()
    await this.#ownership[Symbol.asyncDispose]()
    await this.target.close()
  }

  /** Of each part: as it is here, or as it is stored. */
  async #progress(): Promise<readonly ReturnType<typeof readProgress>['state'][]> {
    const own = this.#reader.parts
    const names = partNames(this.model.options.parts)
    if (own && names.every((name) => own.get(Number(name))))
      return own.all.map(({ state }) => state)
    const stored = (await this.target.load(this.#build)).map((part) => readProgress(part))
    return names.map((name) => {
      const mine = own?.get(Number(name))
      const known = mine ?? stored.find(({ part }) => part === name)
      return (
        known?.state ?? { position: 0, held: new Map(), skipped: [], done: [], isFrozen: false }
      )
    })
  }

  async #isAt(position: number): Promise<boolean> {
    const own = this.#reader.parts
    // What this member knows of its own parts needs no question.
    if (own && own.position < position) return false
    const parts = await this.#progress()
    return parts.every((part) => part.position >= position)
  }

  async #lagBehind(position: number): Promise<ProjectionLag> {
    const events = await this.#store.remaining(position)
    if (events === 0) return { events, seconds: 0 }
    const filter = { actorTypes: [...this.model.actors.keys()] }
    const next = this.#store.readAll({ after: position, limit: 1, filter, onMalformed: 'skip' })
    for await (const { time } of next)
      return { events, seconds: Math.max(0, (this.#clock.now() - Date.parse(time)) / 1_000) }
    return { events, seconds: 0 }
  }

  #tooLate(position: number, timeoutMs: number): AetherError {
    const { kind, name } = this.model
    const message = `the ${kind} ${name} did not get to position ${position} within ${timeoutMs} ms`
    return new AetherError('timeout', message)
  }
}

function described(error: unknown): NonNullable<ProjectionStatus['error']> {
  const message = messageOf(error)
  return isAetherError(error) ? { code: error.code, message } : { message }
}
