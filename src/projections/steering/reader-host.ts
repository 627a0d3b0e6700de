import { AetherError, isAetherError, messageOf } from '../../core/index.ts'
import type { ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { pauseAfter } from '../definition/reader-options.ts'
import { PolicyTarget } from '../policies/policy-target.ts'
import { heldUpTo, leastOf, type PartState } from '../progress/part-progress.ts'
import { Bell } from '../reading/bell.ts'
import { BuildRun, type BuildSurroundings } from './build-run.ts'
import { EffectFront, type Effects } from './effect-front.ts'
import {
  type ControlState,
  dropped,
  isForgotten,
  joined,
  placed,
  recovered,
} from './control-state.ts'
import {
  PositionWaiters,
  type Reached,
  type ReachedOptions,
  tooLateFor,
} from './position-waiters.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { ReaderControl } from './reader-control.ts'
import { codeOf, isOf } from './build-code.ts'
import { ReaderDesk } from './reader-desk.ts'
import type { ReaderHealth } from './reader-health.ts'
import type { SeenReader } from './seen-reader.ts'
import { SwitchLead } from './switch-lead.ts'

/** How often it is looked whether a build has caught up. */
const switchMs = 100
/** How long a build is kept that nobody reads any more: by then everybody has noticed. */
const graceMs = 60_000
/** How long one is remembered that is in another place, and that nobody came to drop. */
const rememberedMs = 7 * 86_400_000
/** The first pause after the store could not be asked. */
const firstPauseMs = 200

/**
 * One reader of the log on this node: follows what its members have agreed on, runs the builds that are
 * of this code, and makes the next one active when it has caught up.
 */
export class ReaderHost implements SeenReader {
  readonly model: ReaderModel
  /** What needs no reader that runs. */
  readonly desk: ReaderDesk
  readonly #target: ProjectionTarget
  readonly #around: BuildSurroundings
  readonly #waiters: PositionWaiters
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #runs = new Map<number, BuildRun>()
  readonly #lead: SwitchLead
  #front: { readonly build: number; readonly front: EffectFront } | undefined
  readonly #governing: Promise<void>
  #state: ControlState | undefined
  #error: unknown
  #isChecked = false
  #isOfThisLog = false
  #isToldElsewhere = false

  constructor(model: ReaderModel, around: Omit<BuildSurroundings, 'onProgress'>) {
    this.model = model
    const { store, clock, logger } = around
    this.#waiters = new PositionWaiters(clock)
    this.#around = { ...around, onProgress: () => this.#gotOn() }
    this.#bell = new Bell(clock, this.#ending.signal)
    this.desk = new ReaderDesk(model, { store, clock, logger, onChange: this.#bell.ring })
    this.#target = this.desk.target
    this.#lead = new SwitchLead(this.desk, { store, clock })
    this.#governing = this.#govern()
  }

  /** Resolves once it is kept where it begins that was never started before. */
  async begun(): Promise<void> {
    if (this.#target instanceof PolicyTarget) await this.#target.startOf(this.desk.numbered(1))
  }

  /** The build that is read. */
  async activeBuild(): Promise<ProjectionBuild> {
    const { active } = this.#state ?? (await this.desk.read())
    return this.desk.numbered(active)
  }

  reached(position: number, options: ReachedOptions = {}): Promise<Reached> {
    return this.#waiters.until({
      ...options,
      look: () => this.#lookAt(position),
      tooLate: (timeoutMs) => tooLateFor(this.model, position, timeoutMs),
    })
  }

  /** Whether it works, without asking anybody. */
  get health(): ReaderHealth {
    const { kind, name } = this.model
    if (!this.#state) {
      const state = this.#error === undefined ? 'catching-up' : 'failed'
      return { kind, name, state, error: this.#error }
    }
    return { kind, name, state: this.#stateNow(this.#state), error: this.#errorNow(this.#state) }
  }

  async status(): Promise<ProjectionStatus> {
    const control = this.#state ?? (await this.desk.read())
    const isOfThisLog = this.#isOfThisLog || !(await this.desk.mismatch())
    return this.desk.report(control, {
      parts: isOfThisLog ? await this.#partsOf(control) : this.desk.unreadParts(control),
      members: await this.desk.members(control, { listens: false }),
      state: () => this.#stateNow(control),
      error: this.#errorNow(control),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    const { kind, name } = this.model
    this.#waiters.end(new AetherError('closed', `the node of the ${kind} ${name} was closed`))
    await this.#governing
    await Promise.all([...this.#runs.values()].map((run) => run[Symbol.asyncDispose]()))
    this.#bell[Symbol.dispose]()
    await this.desk[Symbol.asyncDispose]()
  }

  #gotOn(): void {
    this.#waiters.tell()
    if (this.#isStuck) this.#bell.ring()
  }

  /** The active build rests here for a switch that is over: somebody who came back late made it so. */
  get #isStuck(): boolean {
    if (!this.#state) return false
    const { active, switching } = this.#state
    const frozenFor = this.#runs.get(active)?.frozenFor
    return frozenFor !== undefined && frozenFor !== switching?.attempt
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  async #govern(): Promise<void> {
    for (let failures = 0; !this.#isEnding;) {
      try {
        const control = await this.desk.control()
        await using _watch = await control.watch(this.#bell.ring)
        while (!this.#isEnding) {
          await this.#followControl(control)
          this.#fine()
          failures = 0
          await this.#bell.wait(this.#restMs())
        }
      } catch (error) {
        if (this.#isEnding) return
        this.#fail(error)
        await this.#bell.wait(pauseAfter(++failures, firstPauseMs))
      }
    }
  }

  async #followControl(control: ReaderControl): Promise<void> {
    const { clock } = this.#around
    const before = this.#state
    await this.#checkLog(control)
    const agreed = await control.change(joined(codeOf(this.model), clock.now()))
    const state = await this.#checked(control, agreed)
    this.#tellElsewhere(state)
    // Whoever waits for a position of the new build reads it then.
    if (before && before.active !== state.active) await this.#activate(state)
    await this.#letGoOn(before, state)
    this.#state = state
    await this.#runWanted(state)
    if (before && before.nudge !== state.nudge) this.#reload()
    if (before?.active !== state.active) this.#waiters.tell()
    const next = [...this.#runs.values()].find(({ build }) => build.build > state.active)
    if (await this.#lead.goOn(control, state, next)) this.#bell.ring()
    for (const retired of state.retired)
      if (clock.now() >= this.#dropAt(retired)) await this.#drop(control, retired)
  }

  /** Asked once, before anything is agreed on or written; not of one that is paused, whose target may be away. */
  async #checkLog(control: ReaderControl): Promise<void> {
    if (this.#isOfThisLog) return
    if ((await control.isThere()) && (await control.read()).isPaused) return
    const foreignness = await this.desk.foreignness()
    if (foreignness) throw foreignness
    await this.desk.findPlace()
    const losses = await this.desk.losses()
    const { builds } = await control.read()
    for (const build of builds) {
      const loss = losses.get(build.build)
      // One of other code goes when that of this code is made.
      if (loss && this.#isOwn(build)) throw loss
    }
    this.#isOfThisLog = losses.size === 0
  }

  async #drop(control: ReaderControl, retired: ControlState['retired'][number]): Promise<void> {
    await this.desk.findPlace()
    if (this.#around.clock.now() < this.#dropAt(retired)) return
    const { build } = retired
    if (this.desk.isHere(retired)) await this.#target.drop(this.desk.numbered(build))
    await control.change(dropped(build))
  }

  #dropAt(retired: ControlState['retired'][number]): number {
    return retired.since + (this.desk.isHere(retired) ? graceMs : rememberedMs)
  }

  /**
   * What is agreed on must be of all that the target has, which is asked once, before anything runs; and
   * each build has one place.
   */
  async #checked(control: ReaderControl, state: ControlState): Promise<ControlState> {
    if (state.isPaused) return state
    const place = await this.desk.findPlace()
    // What is written elsewhere has nothing to do with what this target has.
    const isSure = this.#isChecked || this.desk.isElsewhere(state)
    const checked = isSure ? state : await this.#recovered(control)
    if (place === undefined) return checked
    const transition = placed(codeOf(this.model), place)
    return transition(checked) ? control.change(transition) : checked
  }

  async #recovered(control: ReaderControl): Promise<ControlState> {
    const newest = await this.desk.newestBuild()
    const checked = await control.change(recovered(newest, codeOf(this.model)))
    this.#isChecked = true
    if (isForgotten(checked)) this.#tellForgotten(checked)
    return checked
  }

  #tellForgotten({ active }: ControlState): void {
    const { kind, name } = this.model
    const message = `${this.#target.name} has builds of the ${kind} ${name}, up to ${active}, that the event store can't go on with: it is made anew`
    this.#around.logger.warn({ kind, name }, message)
  }

  /** When there is something to do, even if nothing changes. */
  #restMs(): number {
    if (this.#lead.isBusy) return switchMs
    const now = this.#around.clock.now()
    const drops = this.#state?.retired.map((retired) => this.#dropAt(retired) - now) ?? []
    return Math.min(Infinity, ...drops)
  }

  /** Runs the builds that are of this code, and no others. */
  async #runWanted({ active, builds, isPaused }: ControlState): Promise<void> {
    const wanted = builds.filter((build) => this.#isOwn(build) && !isPaused)
    for (const [number, run] of this.#runs) {
      if (wanted.some(({ build }) => build === number)) continue
      this.#runs.delete(number)
      await run[Symbol.asyncDispose]()
    }
    for (const { build } of wanted) {
      if (this.#runs.has(build)) continue
      if (build === active) await this.#show(this.desk.numbered(build))
      const run = new BuildRun(this.model, this.desk.numbered(build), this.#target, this.#around)
      this.#runs.set(build, run)
    }
  }

  /** Lets it be read: the first one, and one whose switch was cut off. */
  async #show(active: ProjectionBuild): Promise<void> {
    await this.#target.prepare(active, this.#around.store.identity)
    await this.#target.activate(active)
  }

  async #activate({ active, builds }: ControlState): Promise<void> {
    const isOwn = builds.some((build) => build.build === active && this.#isOwn(build))
    if (isOwn) await this.#target.activate(this.desk.numbered(active))
  }

  #reload(): void {
    for (const run of this.#runs.values()) run.reload()
  }

  /** Sees to it that the active build rests only as long as a switch is under way. */
  async #letGoOn(before: ControlState | undefined, state: ControlState): Promise<void> {
    const { active, switching } = state
    const isSame = before?.active === active && before.switching?.attempt === switching?.attempt
    if (isSame && !this.#isStuck) return
    if (await this.#lead.letGoOn(state)) this.#reload()
  }

  /** Of the build that is read. */
  async #partsOf(control: ControlState): Promise<readonly PartState[]> {
    const run = this.#runs.get(control.active)
    return run ? run.parts() : this.desk.storedParts(control, control.active)
  }

  /** Undefined where it isn't there yet. */
  async #lookAt(position: number): Promise<Reached | undefined> {
    const control = this.#state ?? (await this.desk.read())
    if (this.desk.isElsewhere(control)) return this.#refuseElsewhere()
    if (!this.#isOfThisLog) await this.#refuseForeign()
    const run = this.#runs.get(control.active)
    run?.hurryTo(position)
    if (!(run?.mayHaveReached(position) ?? true)) return undefined
    const { position: reached, parts } = await this.#effectsOf(control, position)
    if (reached < position) return undefined
    return { heldBack: heldUpTo(position, parts).map(({ actorId }) => actorId) }
  }

  /** Of the build that is read. What other code handles of the log, nobody knows here. */
  async #effectsOf(control: ControlState, position: number): Promise<Effects> {
    const build = control.builds.find((each) => each.build === control.active)
    if (build && this.#isOwn(build)) return this.#frontOf(control).look(position)
    const parts = await this.#partsOf(control)
    return { position: leastOf(parts), parts }
  }

  #frontOf(control: ControlState): EffectFront {
    if (this.#front?.build === control.active) return this.#front.front
    const { store } = this.#around
    const front = new EffectFront(this.model, { store, parts: () => this.#partsOf(control) })
    this.#front = { build: control.active, front }
    return front
  }

  #stateNow({ active, builds, isPaused }: ControlState): ProjectionStatus['state'] {
    if (isPaused) return 'paused'
    if (!builds.some((build) => this.#isOwn(build))) return 'failed'
    const runs = [...this.#runs.values()]
    if (this.#error !== undefined || runs.some(({ state }) => state === 'failed')) return 'failed'
    if (runs.some(({ state }) => state === 'stuck')) return 'stuck'
    if (runs.some(({ build }) => build.build > active)) return 'rebuilding'
    return this.#runs.get(active)?.state ?? 'catching-up'
  }

  #errorNow(control: ControlState): unknown {
    const ofRuns = [...this.#runs.values()].map(({ error }) => error)
    const error = this.#error ?? ofRuns.find((each) => each !== undefined)
    const { builds } = control
    if (error !== undefined || builds.some((build) => this.#isOwn(build))) return error
    if (this.desk.isElsewhere(control)) return this.#elsewhere(control)
    const { kind, name, version, options } = this.model
    const same = builds.find((build) => build.version === version)
    const reason = same
      ? `it was begun with parts: ${same.parts}, not ${options.parts}: raise the version, or rebuild it`
      : 'a newer one is read'
    const message = `version ${version} of the ${kind} ${name} is not run: ${reason}`
    return new AetherError('reader-stopped', message)
  }

  /** Whether a build is of this code, and written where this target is. */
  #isOwn(build: ControlState['builds'][number]): boolean {
    return isOf(build, this.model) && this.desk.isHere(build)
  }

  /** It may have been rebuilt just now: what was known before doesn't count. */
  async #refuseElsewhere(): Promise<undefined> {
    const control = await this.desk.read()
    if (this.desk.isElsewhere(control)) throw this.#elsewhere(control)
  }

  async #refuseForeign(): Promise<void> {
    const mismatch = await this.desk.mismatch()
    if (mismatch) throw mismatch
  }

  /** Once each time. */
  #tellElsewhere(state: ControlState): void {
    const isElsewhere = this.desk.isElsewhere(state)
    if (isElsewhere && !this.#isToldElsewhere) {
      const { kind, name } = this.model
      this.#around.logger.error({ kind, name }, this.#elsewhere(state).message)
    }
    this.#isToldElsewhere = isElsewhere
  }

  #elsewhere({ builds }: ControlState): AetherError {
    const { kind, name } = this.model
    const [build] = builds.filter((each) => isOf(each, this.model))
    const message = `the ${kind} ${name} is not run here: its build ${build?.build} is written to another place than ${this.#target.name}. Give all nodes one place (PostgreSQL, say, or a file of one machine), or the ${kind} another name on each machine; if that place is gone, rebuild() makes it anew in this one`
    return new AetherError('reader-stopped', message)
  }

  #fail(error: unknown): void {
    if (this.#error === undefined) {
      const { kind, name } = this.model
      this.#around.logger.error(
        { kind, name },
        `the ${kind} ${name} can't go on: ${messageOf(error)}`,
      )
    }
    this.#error = error
    // Another one may have been faster with a target that had nothing.
    if (isAetherError(error) && error.code === 'incompatible-store') this.#isOfThisLog = false
    this.#waiters.tell()
  }

  #fine(): void {
    if (this.#error === undefined) return
    const { kind, name } = this.model
    this.#around.logger.info({ kind, name }, `the ${kind} ${name} goes on`)
    this.#error = undefined
  }
}
