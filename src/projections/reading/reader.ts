import { AetherError, type Clock, type Logger } from '../../core/index.ts'
import type { EventStore, LogEntry, ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { restMsOf } from '../progress/held-actor.ts'
import { OwnedParts } from '../progress/owned-parts.ts'
import { takenOver } from '../progress/part-progress.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import { BatchWork, Overtaken } from './batch-work.ts'
import { Bell } from './bell.ts'
import { EventIntake } from './event-intake.ts'
import { inlineStep, isInline } from './inline-step.ts'
import { ReaderCondition, type ReaderState } from './reader-condition.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'
import { SlowWork } from './slow-work.ts'

/** What a reader works with. */
export interface ReaderSurroundings {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
  /** Is told whenever the reader has got on, or its state has changed. */
  readonly onProgress: () => void
}

/** How long progress without effects may wait before it is stored. */
const lazyProgressMs = 1_000
/** How often at most a reader looks for what the transactions of the store have left to it. */
const inlineRoundMs = 20

/**
 * One build of a reader on this node: reads the log and hands its events to handlers, in batches, each
 * of which is stored together with how far it is. What it knows is worth nothing as soon as another
 * member was faster: it reads the progress again then.
 */
export class Reader implements AsyncDisposable {
  readonly #model: ReaderModel
  readonly #build: ProjectionBuild
  readonly #target: ProjectionTarget
  readonly #ownership: PartOwnership
  readonly #around: ReaderSurroundings
  readonly #name: ReaderName
  readonly #work: BatchWork
  readonly #intake: EventIntake
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #condition: ReaderCondition
  readonly #running: Promise<void>
  #slow: SlowWork | undefined
  /** Of a target that writes inside the transactions of the store. */
  #inline: Disposable | undefined
  #parts: OwnedParts | undefined
  /** The names of the parts that were its own when it looked last. */
  #known: ReadonlySet<string> = new Set()
  #mustReload = false
  /** Resolves when what is known of the progress is not worked with any more; undefined where nothing is. */
  #working: PromiseWithResolvers<void> | undefined
  #lastSaved = -Infinity
  #lastRound = -Infinity

  constructor(
    model: ReaderModel,
    build: ProjectionBuild,
    { target, ownership }: { readonly target: ProjectionTarget; readonly ownership: PartOwnership },
    around: ReaderSurroundings,
  ) {
    this.#model = model
    this.#build = build
    this.#target = target
    this.#ownership = ownership
    this.#around = around
    const name = { kind: model.kind, name: model.name, build: build.build }
    const ending = this.#ending.signal
    const intake = new EventIntake(model)
    this.#name = name
    this.#intake = intake
    this.#bell = new Bell(around.clock, ending)
    this.#condition = new ReaderCondition({ ...around, name, bell: this.#bell })
    this.#work = new BatchWork({ ...around, model, target, build, name, intake, ending })
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
  get parts(): OwnedParts | undefined {
    return this.#parts
  }

  /**
   * Somebody has changed the progress, or whose the parts are. Resolves when nothing is under way any more
   * that rests on what was known before.
   */
  async reload(): Promise<void> {
    this.#mustReload = true
    this.#bell.ring()
    await this.#working?.promise
  }

  /** Ends after the batch under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new AetherError('closed', `${this.#model.name} was stopped`))
    this.#inline?.[Symbol.dispose]()
    await this.#running
    this.#bell[Symbol.dispose]()
  }

  /** Whether what is known is not to be worked with any more. */
  get #isOver(): boolean {
    return this.#mustReload || this.#isEnding
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
        if (this.#isEnding) return
        if (!(error instanceof Overtaken)) await this.#condition.rest(error, () => this.#isOver)
      }
    }
  }

  /** Works until the progress has to be read again. */
  async #follow(): Promise<void> {
    try {
      await this.#target.prepare(this.#build, this.#around.store.identity)
      this.#attach()
      await this.#workOn(await this.#load())
    } finally {
      this.#letGo()
    }
  }

  async #workOn(loaded: OwnedParts): Promise<void> {
    let parts = loaded
    await using _watch = await this.#around.store.watch(this.#bell.ring)
    while (!this.#isOver) {
      // Most was handled by those who stored it.
      if (this.#inline) parts = await this.#load()
      const isDue = this.#roundInMs() <= 0
      if (parts.all.length > 0 && isDue) await this.#roundWithRoom(parts)
      await this.#retryDue(parts)
      if (this.#isOver) break
      // Where nothing can be stored, each try would be told to go on, and to fail again a moment later.
      if (this.state === 'failed') await this.#work.save(parts)
      this.#condition.settle()
      await this.#bell.wait(isDue ? this.#restMs(parts) : this.#roundInMs())
      await this.#saveLazily(parts)
    }
  }

  /** When the next round may begin: at once, but where others do its work. */
  #roundInMs(): number {
    if (!this.#inline || this.#condition.state !== 'live') return 0
    return Math.max(0, this.#lastRound + inlineRoundMs - this.#around.clock.monotonic())
  }

  #attach(): void {
    if (this.#inline || this.#isEnding || !isInline(this.#target)) return
    const { observer } = this.#around
    const reader = { model: this.#model, build: this.#build, name: this.#name, observer }
    const step = inlineStep({ ...reader, intake: this.#intake, signal: this.#ending.signal })
    this.#inline = this.#target.attach(step)
  }

  async #load(): Promise<OwnedParts> {
    this.#letGo()
    const stored = await this.#target.load(this.#build)
    const { owned } = this.#ownership
    const now = this.#around.clock.now()
    this.#parts = new OwnedParts(stored, owned, (progress) =>
      this.#known.has(progress.part) ? progress : takenOver(progress, now),
    )
    this.#known = new Set(owned)
    this.#working = Promise.withResolvers()
    if (this.#parts.frozenFor !== undefined) this.#around.onProgress()
    return this.#parts
  }

  /**
   * What is known isn't worked with any more, and is read again in any case. Nobody waits for that: where
   * the target is away it may take for ever, and parts that are another member's by now must be its own.
   */
  #letGo(): void {
    this.#mustReload = false
    this.#working?.resolve()
    this.#working = undefined
  }

  /** Where a part has no room for one more, those who are due may make some. */
  async #roundWithRoom(parts: OwnedParts): Promise<void> {
    try {
      await this.#round(parts)
    } catch (error) {
      const { maxParked } = this.#model.options
      const isFull = parts.all.some(({ state }) => state.held.size >= maxParked)
      if (isFull && !(error instanceof Overtaken)) await this.#retryDue(parts)
      throw error
    }
  }

  /** Reads the log from the part that is least far to its end, as it is by now. */
  async #round(parts: OwnedParts): Promise<void> {
    const { store, clock } = this.#around
    this.#lastRound = clock.monotonic()
    const { actors, options } = this.#model
    const signal = this.#ending.signal
    // Answered before anything is read: so what is read reaches that far.
    const end = await store.lastPosition({ signal })
    const filter = { actorTypes: [...actors.keys()] }
    const range = { after: parts.position, reach: end, filter, signal }
    let pending: readonly LogEntry[] = []
    for await (const entries of store.readBatches(range)) {
      pending = pending.length === 0 ? entries : pending.concat(entries)
      while (pending.length >= options.batchEvents && !this.#isOver) {
        await this.#handle(parts, pending.slice(0, options.batchEvents))
        pending = pending.slice(options.batchEvents)
      }
      if (this.#isOver) return
    }
    if (pending.length > 0) await this.#handle(parts, pending)
    parts.passTo(end)
    this.#around.onProgress()
  }

  async #handle(parts: OwnedParts, entries: readonly LogEntry[]): Promise<void> {
    await this.#work.handle(parts, entries)
    this.#around.onProgress()
  }

  async #retryDue(parts: OwnedParts): Promise<void> {
    const now = this.#around.clock.now()
    for (const { part, state } of parts.all)
      for (const actor of state.held.values()) {
        if (this.#isOver) return
        if (restMsOf(actor, now) > 0) continue
        await this.#work.retry(parts, Number(part), actor)
        this.#around.onProgress()
      }
  }

  /** When there is something to do, even if nothing happens. */
  #restMs(parts: OwnedParts): number {
    const { clock } = this.#around
    const isDirty = parts.all.some(({ state, storedPosition }) => state.position > storedPosition)
    let ms = isDirty ? this.#lastSaved + lazyProgressMs - clock.monotonic() : Infinity
    for (const { state } of parts.all)
      for (const actor of state.held.values()) ms = Math.min(ms, restMsOf(actor, clock.now()))
    return Math.max(1, ms)
  }

  async #saveLazily(parts: OwnedParts): Promise<void> {
    const { clock } = this.#around
    const isDue = clock.monotonic() - this.#lastSaved >= lazyProgressMs
    if (!isDue && !this.#isEnding) return
    await this.#work.save(parts)
    this.#lastSaved = clock.monotonic()
  }
}
