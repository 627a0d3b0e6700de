import { AsyncLocalStorage } from 'node:async_hooks'
import { AetherError, messageOf } from '../../core/index.ts'
import type { ProjectionBuild } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { pauseAfter } from '../definition/reader-options.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import { type KnownParts, newPart, readProgress } from '../progress/part-progress.ts'
import { Bell } from '../reading/bell.ts'
import { EventIntake } from '../reading/event-intake.ts'
import type { ReaderName } from '../reading/reader-observer.ts'
import type { ReaderState } from '../reading/reader.ts'
import { maxAhead, PolicyIntake } from './policy-intake.ts'
import { PolicyPart } from './policy-part.ts'
import { PolicySaver } from './policy-saver.ts'
import type { PolicyTarget } from './policy-target.ts'
import { type PolicySurroundings, PolicyWork } from './policy-work.ts'

/** How often the log is read at most while nothing but what this node stored itself is known to be new. */
const ownReadMs = 25
/** The first pause after something other than a handler failed. */
const firstPauseMs = 200

/**
 * A policy on this node: takes in the log and lets events be handled as they come, and stores how far
 * that is meanwhile: never before it, and never in the way of the next event.
 */
export class PolicyReader implements AsyncDisposable {
  readonly #build: ProjectionBuild
  readonly #model: ReaderModel
  readonly #target: PolicyTarget
  readonly #ownership: PartOwnership
  readonly #around: PolicySurroundings
  readonly #name: ReaderName
  readonly #intake: PolicyIntake
  readonly #work: PolicyWork
  readonly #saver: PolicySaver
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #running: Promise<void>
  readonly #parts = new Map<number, PolicyPart>()
  #mustReload = true
  /** Whether there may be something to take in. */
  #hasGrown = true
  /** Whether this node has stored something since it read, all of which was taken in, or not all. */
  #hasOwn = false
  #hasMissed = false
  #lastRead = -Infinity
  #savingFailed: { readonly error: unknown } | undefined
  #state: ReaderState = 'catching-up'
  #error: unknown
  #failures = 0

  constructor(
    model: ReaderModel,
    build: ProjectionBuild,
    parts: { readonly target: PolicyTarget; readonly ownership: PartOwnership },
    around: PolicySurroundings,
  ) {
    this.#build = build
    this.#model = model
    this.#target = parts.target
    this.#ownership = parts.ownership
    this.#around = around
    this.#name = { kind: model.kind, name: model.name, build: build.build }
    this.#bell = new Bell(around.clock, this.#ending.signal)
    const intake = new EventIntake(model)
    this.#work = new PolicyWork({
      ...around,
      model,
      intake,
      name: this.#name,
      ending: this.#ending.signal,
      onChange: () => this.#changed(),
    })
    this.#intake = new PolicyIntake({ intake, work: this.#work, parts: this.#parts })
    this.#saver = new PolicySaver({
      build,
      target: this.#target,
      clock: around.clock,
      parts: this.#parts,
      onOvertaken: () => void this.reload(),
      onFailure: (error) => (this.#savingFailed = { error }),
      onIdle: this.#bell.ring,
    })
    this.#running = this.#run()
  }

  get state(): ReaderState {
    return this.#state
  }

  /** Why it failed, as long as it does. */
  get error(): unknown {
    return this.#error
  }

  /** The parts that are this member's, as far as they are by now; undefined before they were read. */
  get parts(): KnownParts | undefined {
    if (this.#parts.size === 0) return undefined
    const all = Array.from(this.#parts.values(), (part) => part.progress)
    return {
      all,
      get: (index) => all.find(({ part }) => part === String(index)),
      position: all.reduce((least, { state }) => Math.min(least, state.position), Infinity),
    }
  }

  /**
   * Somebody has changed the progress, or whose the parts are. Resolves when nothing is under way for
   * those that are another member's by now, and it is stored how far they are.
   */
  async reload(): Promise<void> {
    this.#mustReload = true
    this.#bell.ring()
    const { owned } = this.#ownership
    const lost = [...this.#parts.values()].filter(({ index }) => !owned.has(String(index)))
    if (lost.length === 0) return
    for (const part of lost)
      part.lose(new AetherError('closed', `part ${part.index} of ${this.#model.name} was given up`))
    await Promise.all(lost.map((part) => part.idle()))
    await this.#saver.idle()
    await this.#saveLast(lost)
  }

  /** Ends after the handlers under way, whose signal is aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new AetherError('closed', `${this.#model.name} was stopped`))
    await this.#running
    this.#bell[Symbol.dispose]()
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  async #run(): Promise<void> {
    using _changes = this.#ownership.onChange(() => this.reload())
    while (!this.#isEnding) {
      try {
        await this.#follow()
      } catch (error) {
        await this.#work.stop()
        await this.#saver.idle()
        if (!this.#isEnding) await this.#rest(error)
      }
    }
    await this.#end()
  }

  async #end(): Promise<void> {
    await this.#work.stop()
    await this.#saver.idle()
    await this.#saveLast([...this.#parts.values()])
  }

  /** What was done is stored if it can be; else it is done again. */
  async #saveLast(parts: readonly PolicyPart[]): Promise<void> {
    try {
      await this.#saver.save(parts)
    } catch (error) {
      const message = `how far the policy ${this.#model.name} is could not be stored: ${messageOf(error)}`
      this.#around.logger.warn({ ...this.#name }, message)
    }
  }

  /** Whatever fails is tried again for ever, and never in silence. */
  async #rest(error: unknown): Promise<void> {
    const { logger, clock, observer } = this.#around
    this.#failures++
    if (this.#state !== 'failed') {
      const { kind, name } = this.#name
      logger.error({ ...this.#name }, `the ${kind} ${name} can't go on: ${messageOf(error)}`)
      observer.failed?.(this.#name, error)
    }
    this.#setState('failed', error)
    this.#savingFailed = undefined
    const until = clock.monotonic() + pauseAfter(this.#failures, firstPauseMs)
    for (let ms = until - clock.monotonic(); ms > 0; ms = until - clock.monotonic()) {
      await this.#bell.wait(ms)
      if (this.#isEnding) return
    }
  }

  #setState(state: ReaderState, error?: unknown): void {
    this.#state = state
    this.#error = error
    this.#around.onProgress()
  }

  /** Works until something is in the way. */
  async #follow(): Promise<void> {
    const { store } = this.#around
    // What was taken in and not handled is read again.
    for (const part of this.#parts.values()) part.lose(undefined)
    this.#parts.clear()
    this.#intake.forget()
    this.#mustReload = true
    this.#hasGrown = true
    await this.#target.prepare()
    await using _watch = await store.watch(() => this.#grown())
    // What this node stores itself needn't be read first.
    const inOwnContext = AsyncLocalStorage.snapshot()
    using _own = store.onStored((events) => {
      if (inOwnContext(() => this.#intake.takeEarly(events))) this.#hasOwn = true
      else this.#hasMissed = true
    })
    while (!this.#isEnding) {
      this.#check()
      if (this.#mustReload) await this.#reload()
      if (this.#parts.size > 0 && this.#readInMs() <= 0) await this.#takeIn()
      this.#check()
      this.#settle()
      await this.#bell.wait(this.#restMs())
      this.#saver.saveDue()
    }
  }

  /** @throws what is in the way */
  #check(): void {
    this.#work.check()
    if (this.#savingFailed) throw this.#savingFailed.error
  }

  /** Takes over the parts that are this member's by now, and what others have changed. */
  async #reload(): Promise<void> {
    this.#mustReload = false
    this.#hasGrown = true
    await this.#saver.idle()
    const origin = await this.#target.startOf(this.#build, this.#ending.signal)
    const stored = await this.#target.load(this.#build)
    const { owned } = this.#ownership
    for (const [index, part] of this.#parts) {
      // One that was given up meanwhile and is its own again is begun anew: its work has ended.
      if (owned.has(String(index)) && !part.signal.aborted) continue
      part.lose(undefined)
      this.#parts.delete(index)
    }
    for (const name of owned) {
      const progress = stored.find(({ part }) => part === name)
      const part = this.#parts.get(Number(name))
      if (!part) {
        const begun = progress ? readProgress(progress) : newPart(name, origin)
        this.#parts.set(Number(name), new PolicyPart(begun, this.#ending.signal))
        this.#intake.forget()
      } else if (progress && progress.revision !== part.revision) part.takeOver(progress)
    }
    this.#changed()
  }

  #grown(): void {
    this.#hasGrown = true
    this.#bell.ring()
  }

  #settle(): void {
    if (this.#state === 'live') return
    if (this.#failures > 0) {
      const { kind, name } = this.#name
      this.#around.logger.info({ ...this.#name }, `the ${kind} ${name} goes on`)
      this.#around.observer.recovered?.(this.#name)
    }
    this.#failures = 0
    this.#setState('live')
  }

  /** Takes in the log from the part that is least far to its end, as it is by now. */
  async #takeIn(): Promise<void> {
    this.#hasGrown = false
    this.#hasOwn = false
    this.#hasMissed = false
    this.#lastRead = this.#around.clock.monotonic()
    const { store } = this.#around
    const signal = this.#ending.signal
    const filter = { actorTypes: [...this.#model.actors.keys()] }
    const parts = [...this.#parts.values()]
    const after = parts.reduce((least, { readTo }) => Math.min(least, readTo), Infinity)
    // Answered before anything is read: so what is read reaches that far.
    const end = await store.lastPosition({ signal })
    for await (const entries of store.readBatches({ after, filter, signal })) {
      this.#intake.take(entries)
      while (!parts.every((part) => part.hasRoom(maxAhead))) {
        await this.#bell.wait()
        this.#check()
        if (this.#isEnding || this.#mustReload) return
      }
      if (this.#isEnding || this.#mustReload) return
    }
    for (const part of parts) part.passTo(end)
    this.#around.onProgress()
  }

  /** When there is something to do, even if nothing happens; what is due is tried again. */
  #restMs(): number {
    const now = this.#around.clock.now()
    const due = Array.from(this.#parts.values(), (part) => this.#work.retryDue(part) - now)
    return Math.max(1, Math.min(this.#saver.restMs(), this.#readInMs(), ...due))
  }

  /** Reading costs those who write: what can only tell how far the log is may wait for a moment. */
  #readInMs(): number {
    if (!this.#hasGrown || this.#parts.size === 0) return Infinity
    if (!this.#hasOwn || this.#hasMissed || this.#mustReload) return 0
    return this.#lastRead + ownReadMs - this.#around.clock.monotonic()
  }

  #changed(): void {
    this.#around.onProgress()
    this.#bell.ring()
    if (!this.#isEnding) this.#saver.saveDue()
  }
}
