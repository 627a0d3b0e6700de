import { AsyncLocalStorage } from 'node:async_hooks'
import { AetherError, messageOf } from '../../core/index.ts'
import type { ProjectionBuild } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import type { KnownParts } from '../progress/part-progress.ts'
import { Bell } from '../reading/bell.ts'
import { EventIntake } from '../reading/event-intake.ts'
import { ReaderCondition, type ReaderState } from '../reading/reader-condition.ts'
import type { ReaderName } from '../reading/reader-observer.ts'
import { SlowWork } from '../reading/slow-work.ts'
import { LogGrowth } from './log-growth.ts'
import { maxAhead, PolicyIntake } from './policy-intake.ts'
import type { PolicyPart } from './policy-part.ts'
import { PolicyParts } from './policy-parts.ts'
import { PolicySaver } from './policy-saver.ts'
import type { PolicyTarget } from './policy-target.ts'
import { type PolicySurroundings, PolicyWork } from './policy-work.ts'

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
  readonly #parts: PolicyParts
  readonly #growth: LogGrowth
  readonly #condition: ReaderCondition
  #slow: SlowWork | undefined
  #mustReload = true
  #savingFailed: { readonly error: unknown } | undefined

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
    const name = { kind: model.kind, name: model.name, build: build.build }
    this.#name = name
    this.#parts = new PolicyParts(this.#ending.signal)
    this.#growth = new LogGrowth(around.clock)
    this.#bell = new Bell(around.clock, this.#ending.signal)
    this.#condition = new ReaderCondition({ ...around, name, bell: this.#bell })
    const intake = new EventIntake(model)
    this.#work = new PolicyWork({
      ...around,
      model,
      intake,
      name,
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
    const { state } = this.#condition
    return state !== 'failed' && this.#slow?.trouble ? 'stuck' : state
  }

  /** Why it failed, as long as it does, or what it waits for. */
  get error(): unknown {
    return this.#condition.error ?? this.#slow?.trouble
  }

  /** The parts that are this member's, as far as they are by now; undefined before they were read. */
  get parts(): KnownParts | undefined {
    return this.#parts.known()
  }

  /** Somebody waits for a position: what has not been read up to there is read at once. */
  hurryTo(position: number): void {
    if (this.#parts.readTo >= position) return
    this.#growth.hurry()
    this.#bell.ring()
  }

  /**
   * Somebody has changed the progress, or whose the parts are. Resolves when nothing is under way for
   * those that are another member's by now, and it is stored how far they are.
   */
  async reload(): Promise<void> {
    this.#mustReload = true
    this.#bell.ring()
    const lost = this.#parts.without(this.#ownership.owned)
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
    using slow = new SlowWork({
      ...this.#around,
      name: this.#name,
      underWay: () => this.#work.underWay,
    })
    this.#slow = slow
    while (!this.#isEnding) {
      try {
        await this.#follow()
      } catch (error) {
        await this.#work.stop()
        await this.#saver.idle()
        if (this.#isEnding) break
        // All is read again behind what is stored.
        if (!this.#savingFailed) await this.#saveLast([...this.#parts])
        this.#savingFailed = undefined
        await this.#condition.rest(error, () => this.#isEnding)
      }
    }
    await this.#end()
  }

  async #end(): Promise<void> {
    await this.#work.stop()
    await this.#saver.idle()
    await this.#saveLast([...this.#parts])
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

  /** Works until something is in the way. */
  async #follow(): Promise<void> {
    const { store } = this.#around
    // What was taken in and not handled is read again.
    this.#parts.clear()
    this.#intake.forget()
    this.#mustReload = true
    await this.#target.prepare()
    await using _watch = await store.watch(() => this.#grown())
    // What this node stores itself needn't be read first.
    const inOwnContext = AsyncLocalStorage.snapshot()
    using _own = store.onStored((events) =>
      this.#growth.tellOwn(inOwnContext(() => this.#intake.takeEarly(events))),
    )
    while (!this.#isEnding) {
      this.#check()
      if (this.#mustReload) await this.#reload()
      if (this.#parts.size > 0 && this.#readInMs() <= 0) await this.#takeIn()
      this.#check()
      const restMs = this.#restMs()
      if (!this.#awaitsRoom && !this.#work.isDoubtful(this.#parts)) await this.#settle()
      await this.#bell.wait(restMs)
      this.#saver.saveDue()
    }
  }

  /** Where nothing can be stored, each try would be told to go on, and to fail again a moment later. */
  async #settle(): Promise<void> {
    if (this.state === 'failed') await this.#saver.pauseFor(() => this.#saver.save(this.#parts))
    this.#condition.settle()
  }

  /** @throws what is in the way */
  #check(): void {
    this.#work.check()
    if (this.#savingFailed) throw this.#savingFailed.error
  }

  /** Takes over the parts that are this member's by now, and what others have changed. */
  async #reload(): Promise<void> {
    this.#mustReload = false
    this.#growth.tell()
    const origin = await this.#target.startOf(this.#build, this.#ending.signal)
    await this.#saver.pauseFor(async () => {
      const stored = await this.#target.load(this.#build)
      const now = this.#around.clock.now()
      if (this.#parts.adopt(stored, this.#ownership.owned, { now, origin })) this.#intake.forget()
    })
    this.#changed()
  }

  #grown(): void {
    this.#growth.tell()
    this.#bell.ring()
  }

  /** Takes in the log from the part that is least far to its end, as it is by now. */
  async #takeIn(): Promise<void> {
    this.#growth.beginRead()
    const { store } = this.#around
    const signal = this.#ending.signal
    const filter = { actorTypes: [...this.#model.actors.keys()] }
    const parts = [...this.#parts]
    const after = this.#parts.readTo
    // Answered before anything is read: so what is read reaches that far.
    const end = await store.lastPosition({ signal })
    for (const part of parts) part.findTo(end)
    for await (const entries of store.readBatches({ after, reach: end, filter, signal })) {
      this.#intake.take(entries)
      while (!parts.every((part) => part.hasRoom(maxAhead))) {
        await this.#bell.wait(Math.max(1, this.#saver.restMs()))
        this.#check()
        if (this.#isEnding || this.#mustReload) return
        this.#saver.saveDue()
      }
      if (this.#isEnding || this.#mustReload) return
    }
    for (const part of parts) part.passTo(end)
    this.#around.onProgress()
  }

  /** When there is something to do, even if nothing happens; what is due is tried again. */
  #restMs(): number {
    const due = Array.from(this.#parts, (part) => this.#work.retryDue(part))
    return Math.max(1, Math.min(this.#saver.restMs(), this.#readInMs(), ...due))
  }

  #readInMs(): number {
    if (this.#parts.size === 0 || this.#awaitsRoom) return Infinity
    return this.#mustReload ? 0 : this.#growth.readInMs()
  }

  get #awaitsRoom(): boolean {
    return [...this.#parts].some((part) => this.#work.awaitsRoom(part))
  }

  #changed(): void {
    this.#around.onProgress()
    this.#bell.ring()
    if (!this.#isEnding) this.#saver.saveDue()
  }
}
