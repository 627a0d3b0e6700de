import { AetherError, MalformedEventError, messageOf } from '../core/index.ts'
import type { LogEntry, ProjectionBuild } from '../store/index.ts'
import { Bell } from './bell.ts'
import { EventIntake } from './event-intake.ts'
import { failedEvent, ownerOf } from './failed-event.ts'
import type { PartOwnership } from './part-ownership.ts'
import { type KnownParts, newPart, readProgress } from './part-progress.ts'
import { partOf } from './part.ts'
import { PolicyPart } from './policy-part.ts'
import type { PolicyTarget } from './policy-target.ts'
import { type PolicySurroundings, PolicyWork } from './policy-work.ts'
import type { ReaderModel } from './reader-model.ts'
import type { ReaderName } from './reader-observer.ts'
import { pauseAfter } from './reader-options.ts'
import type { ReaderState } from './reader.ts'

/** How long progress without effects may wait before it is stored. */
const lazyProgressMs = 1_000
/** The first pause after something other than a handler failed. */
const firstPauseMs = 200
/** How many events of a part may be taken in ahead of the first that is under way. */
const maxAhead = 1_000

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
  readonly #intake: EventIntake
  readonly #work: PolicyWork
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #running: Promise<void>
  readonly #parts = new Map<number, PolicyPart>()
  #mustReload = true
  /** Whether there may be something to take in. */
  #hasGrown = true
  #saving: Promise<void> | undefined
  #savingFailed: { readonly error: unknown } | undefined
  #lastSaved = -Infinity
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
    this.#intake = new EventIntake(model.actors)
    this.#bell = new Bell(around.clock, this.#ending.signal)
    this.#work = new PolicyWork({
      ...around,
      model,
      name: this.#name,
      intake: this.#intake,
      ending: this.#ending.signal,
      onChange: () => this.#changed(),
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

  /** Somebody has changed the progress, or whose the parts are. */
  async reload(): Promise<void> {
    this.#mustReload = true
    this.#bell.ring()
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
        await this.#saving
        if (!this.#isEnding) await this.#rest(error)
      }
    }
    await this.#end()
  }

  /** What was done is stored if it can be; else it is done again. */
  async #end(): Promise<void> {
    await this.#work.stop()
    await this.#saving
    try {
      await this.#save()
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
    this.#mustReload = true
    this.#hasGrown = true
    await this.#target.prepare()
    await using _watch = await store.watch(() => this.#grown())
    while (!this.#isEnding) {
      this.#check()
      if (this.#mustReload) await this.#reload()
      if (this.#hasGrown && this.#parts.size > 0) await this.#takeIn()
      this.#check()
      this.#settle()
      await this.#bell.wait(this.#restMs())
      this.#saveLazily()
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
    await this.#saving
    const origin = await this.#target.startOf(this.#build, this.#ending.signal)
    const stored = await this.#target.load(this.#build)
    const { owned } = this.#ownership
    for (const [index, part] of this.#parts) {
      if (owned.has(String(index))) continue
      part.lose(new AetherError('closed', `part ${index} of ${this.#model.name} was taken over`))
      this.#parts.delete(index)
    }
    for (const name of owned) {
      const progress = stored.find(({ part }) => part === name)
      const part = this.#parts.get(Number(name))
      if (!part) {
        const begun = progress ? readProgress(progress) : newPart(name, origin)
        this.#parts.set(Number(name), new PolicyPart(begun))
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
    const { store } = this.#around
    const signal = this.#ending.signal
    const filter = { actorTypes: [...this.#model.actors.keys()] }
    const parts = [...this.#parts.values()]
    const after = parts.reduce((least, { readTo }) => Math.min(least, readTo), Infinity)
    // Asked for before it is read: what is read reaches that far.
    const asking = store.lastPosition({ signal })
    asking.catch(() => undefined)
    for await (const entries of store.readBatches({ after, filter, signal })) {
      this.#takeInBatch(entries)
      while (parts.some(({ ahead }) => ahead >= maxAhead)) {
        await this.#bell.wait()
        this.#check()
        if (this.#isEnding || this.#mustReload) return
      }
      if (this.#isEnding || this.#mustReload) return
    }
    const end = await asking
    for (const part of parts) part.passTo(end)
    this.#around.onProgress()
  }

  #takeInBatch(entries: readonly LogEntry[]): void {
    const count = this.#model.options.parts
    for (const entry of entries) {
      const actorId = ownerOf(entry)
      if (!this.#intake.concerns(actorId)) continue
      const index = partOf(actorId, count)
      const part = this.#parts.get(index)
      if (!part?.wants(actorId, entry.position)) continue
      try {
        if (entry instanceof MalformedEventError) throw entry
        const todo = this.#intake.read(entry, index)
        if (todo) this.#work.add(part, todo)
      } catch (error) {
        this.#work.addMalformed(part, failedEvent(entry), error)
      }
    }
    const last = entries.at(-1)
    if (!last) return
    const end = last instanceof MalformedEventError ? last.lastPosition : last.position
    for (const part of this.#parts.values()) part.passTo(end)
  }

  /** When there is something to do, even if nothing happens; what is due is tried again. */
  #restMs(): number {
    const { clock } = this.#around
    const parts = [...this.#parts.values()]
    const save = parts.some((part) => part.isAhead)
      ? this.#lastSaved + lazyProgressMs - clock.monotonic()
      : Infinity
    const due = parts.map((part) => this.#work.retryDue(part) - clock.now())
    return Math.max(1, Math.min(save, ...due))
  }

  /** How far it is where nothing had to be done about the events. */
  #saveLazily(): void {
    const isDue = this.#around.clock.monotonic() - this.#lastSaved >= lazyProgressMs
    if (isDue && [...this.#parts.values()].some((part) => part.isAhead)) this.#saveSoon()
  }

  #changed(): void {
    this.#around.onProgress()
    this.#bell.ring()
    if ([...this.#parts.values()].some((part) => part.isChanged)) this.#saveSoon()
  }

  /** At once, or right after what is being stored. */
  #saveSoon(): void {
    if (this.#isEnding) return
    this.#saving ??= this.#saveAll().finally(() => (this.#saving = undefined))
  }

  async #saveAll(): Promise<void> {
    try {
      do await this.#save()
      while (!this.#mustReload && [...this.#parts.values()].some((part) => part.isChanged))
    } catch (error) {
      this.#savingFailed = { error }
      this.#bell.ring()
    }
  }

  async #save(): Promise<void> {
    const parts = [...this.#parts.values()].filter((part) => part.isAhead)
    if (parts.length === 0) return
    this.#lastSaved = this.#around.clock.monotonic()
    const changes = parts.map((part) => part.change())
    try {
      const stored = await this.#target.commit(
        this.#build,
        changes.map(({ change }) => change),
        () => {},
      )
      if (stored) {
        for (const [index, change] of changes.entries())
          change.stored(stored[index] as (typeof stored)[number])
        return
      }
    } catch (error) {
      for (const part of parts) part.unchange()
      throw error
    }
    for (const part of parts) part.unchange()
    void this.reload()
  }
}
