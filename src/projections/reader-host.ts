import { AetherError, isAetherError, messageOf } from '../core/index.ts'
import type { EventStore, ProjectionBuild, ProjectionTarget } from '../store/index.ts'
import { Bell } from './bell.ts'
import { BuildRun, type BuildSurroundings, groupOf, storedParts } from './build-run.ts'
import { BuildSwitch } from './build-switch.ts'
import { HeldDesk, type ParkedActor } from './held-desk.ts'
import type { PartState } from './part-progress.ts'
import { partNames } from './part.ts'
import { PolicyTarget } from './policy-target.ts'
import { isInline } from './inline-step.ts'
import { PositionWaiters, type ReachedOptions } from './position-waiters.ts'
import type { ProjectionLag, ProjectionStatus } from './projection-status.ts'
import {
  activated,
  type ControlState,
  dropped,
  joined,
  nudged,
  paused,
  ReaderControl,
  rebuilding,
} from './reader-control.ts'
import type { ReaderHealth } from './reader-health.ts'
import type { ReaderModel } from './reader-model.ts'
import { pauseAfter } from './reader-options.ts'

/** How often it is looked whether a build has caught up. */
const switchMs = 100
/** How long a build is kept that nobody reads any more: by then everybody has noticed. */
const graceMs = 60_000
/** The first pause after the store could not be asked. */
const firstPauseMs = 200

/**
 * One reader of the log on this node: follows what its members have agreed on, runs the builds that are
 * of this code, and makes the next one active when it has caught up.
 */
export class ReaderHost implements AsyncDisposable {
  readonly model: ReaderModel
  readonly #target: ProjectionTarget
  readonly #around: BuildSurroundings
  readonly #waiters: PositionWaiters
  readonly #desk: HeldDesk
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #runs = new Map<number, BuildRun>()
  #control: Promise<ReaderControl> | undefined
  readonly #governing: Promise<void>
  #state: ControlState | undefined
  #switch: BuildSwitch | undefined
  #error: unknown

  constructor(model: ReaderModel, around: Omit<BuildSurroundings, 'onProgress'>) {
    this.model = model
    const { store, clock, logger } = around
    this.#waiters = new PositionWaiters(clock)
    this.#around = { ...around, onProgress: this.#waiters.tell }
    this.#target = model.makeTarget(store, model.options)
    const { parts } = model.options
    this.#desk = new HeldDesk({ target: this.#target, parts, clock, logger })
    this.#bell = new Bell(clock, this.#ending.signal)
    this.#governing = this.#govern()
  }

  /** Resolves once it is kept where it begins that was never started before. */
  async begun(): Promise<void> {
    if (this.#target instanceof PolicyTarget) await this.#target.startOf(this.#numbered(1))
  }

  /** The build that is read. */
  async activeBuild(): Promise<ProjectionBuild> {
    const { active } = this.#state ?? (await this.#read())
    return this.#numbered(active)
  }

  reached(position: number, options: ReachedOptions = {}): Promise<void> {
    return this.#waiters.until({
      ...options,
      look: () => this.#isAt(position),
      tooLate: (timeoutMs) => this.#tooLate(position, timeoutMs),
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
    const control = this.#state ?? (await this.#read())
    const { name, kind, version } = this.model
    const parts = await this.#partsOf(control.active)
    const position = leastOf(parts)
    const held = parts.flatMap((part) => [...part.held.values()])
    const parked = held.filter(({ state }) => state === 'parked').length
    const error = this.#errorNow(control)
    return {
      name,
      kind,
      version,
      build: control.active,
      state: this.#stateNow(control),
      position,
      lag: await this.#lagBehind(position),
      parked,
      retrying: held.length - parked,
      members: await this.#around.crew.count(groupOf(this.#numbered(control.active))),
      ...(error !== undefined && { error: described(error) }),
    }
  }

  async pause(isPaused: boolean): Promise<void> {
    await this.#change(paused(isPaused))
  }

  /** Begins one more build; gives its number. */
  async rebuild(): Promise<number> {
    if (this.model.kind === 'policy') throw notRebuilt(this.model.name)
    const { last } = await this.#change(
      rebuilding(buildVersion(this.model), this.#around.clock.now()),
    )
    return last
  }

  async parked(): Promise<readonly ParkedActor[]> {
    const { builds } = await this.#read()
    const lists = builds.map(({ build }) => this.#desk.list(this.#numbered(build)))
    return (await Promise.all(lists)).flat()
  }

  retry(actorId: string): Promise<boolean> {
    return this.#decide((build) => this.#desk.retry(build, actorId))
  }

  skip(actorId: string, reason: string): Promise<boolean> {
    return this.#decide((build) => this.#desk.skip(build, actorId, reason))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#governing
    await Promise.all([...this.#runs.values()].map((run) => run[Symbol.asyncDispose]()))
    this.#bell[Symbol.dispose]()
    await this.#target.close()
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  async #govern(): Promise<void> {
    for (let failures = 0; !this.#isEnding;) {
      try {
        const control = await this.#openControl()
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
    const state = await control.change(joined(buildVersion(this.model), clock.now()))
    this.#state = state
    await this.#runWanted(state)
    if (before && before.nudge !== state.nudge) for (const run of this.#runs.values()) run.reload()
    if (before?.active !== state.active) this.#waiters.tell()
    await this.#lead(control, state)
    for (const { build, since } of state.retired) {
      if (clock.now() < since + graceMs) continue
      await this.#target.drop(this.#numbered(build))
      await control.change(dropped(build))
    }
  }

  /** When there is something to do, even if nothing changes. */
  #restMs(): number {
    if (this.#switch) return switchMs
    const now = this.#around.clock.now()
    const drops = this.#state?.retired.map(({ since }) => since + graceMs - now) ?? []
    return Math.min(Infinity, ...drops)
  }

  /** Runs the builds that are of this code, and no others. */
  async #runWanted({ active, builds, isPaused }: ControlState): Promise<void> {
    const wanted = builds.filter(({ version }) => version === buildVersion(this.model) && !isPaused)
    for (const [number, run] of this.#runs) {
      if (wanted.some(({ build }) => build === number)) continue
      this.#runs.delete(number)
      await run[Symbol.asyncDispose]()
    }
    for (const { build } of wanted) {
      if (this.#runs.has(build)) continue
      if (build === active) await this.#show(this.#numbered(build))
      const run = new BuildRun(this.model, this.#numbered(build), this.#target, this.#around)
      this.#runs.set(build, run)
    }
  }

  /** Lets it be read: the first one, and one whose switch was cut off. */
  async #show(active: ProjectionBuild): Promise<void> {
    await this.#target.prepare(active)
    await this.#target.activate(active)
  }

  /** Leads the readers to the next build, where this node makes it. */
  async #lead(control: ReaderControl, { active }: ControlState): Promise<void> {
    const next = [...this.#runs.values()].find(({ build }) => build.build > active)
    if (this.#switch?.next !== next) this.#switch = undefined
    if (!next) return
    const { store, clock } = this.#around
    this.#switch ??= new BuildSwitch(this.#numbered(active), next, {
      target: this.#target,
      parts: this.model.options.parts,
      // Inline ones have all there is, so that nothing has to rest until the next one has it, too.
      freezes: !isInline(this.#target),
      lastPosition: () => store.lastPosition(),
    })
    if (!(await this.#switch.isReady())) return
    await this.#target.activate(next.build)
    await control.change(activated(next.build.build, clock.now()))
    this.#switch = undefined
    this.#bell.ring()
  }

  /** What couldn't be opened is tried again by the next who needs it. */
  #openControl(): Promise<ReaderControl> {
    this.#control ??= openControl(this.#around.store, this.model).catch((error: unknown) => {
      this.#control = undefined
      throw error
    })
    return this.#control
  }

  async #read(): Promise<ControlState> {
    return (await this.#openControl()).read()
  }

  async #change(transition: Parameters<ReaderControl['change']>[0]): Promise<ControlState> {
    const state = await (await this.#openControl()).change(transition)
    this.#bell.ring()
    return state
  }

  /** Does it in each build, and tells all members. */
  async #decide(change: (build: ProjectionBuild) => Promise<boolean>): Promise<boolean> {
    const { builds } = await this.#read()
    let isDone = false
    for (const { build } of builds) isDone = (await change(this.#numbered(build))) || isDone
    if (isDone) await this.#change(nudged)
    return isDone
  }

  #numbered(build: number): ProjectionBuild {
    return { projection: this.model.name, build }
  }

  async #partsOf(build: number): Promise<readonly PartState[]> {
    const run = this.#runs.get(build)
    if (run) return run.parts()
    const names = partNames(this.model.options.parts)
    const stored = await storedParts(this.#target, this.#numbered(build), names)
    return stored.map(({ state }) => state)
  }

  async #isAt(position: number): Promise<boolean> {
    const { active } = this.#state ?? (await this.#read())
    if (!(this.#runs.get(active)?.mayHaveReached(position) ?? true)) return false
    return leastOf(await this.#partsOf(active)) >= position
  }

  async #lagBehind(position: number): Promise<ProjectionLag> {
    const { store, clock } = this.#around
    const events = await store.remaining(position)
    if (events === 0) return { events, seconds: 0 }
    const filter = { actorTypes: [...this.model.actors.keys()] }
    const next = store.readAll({ after: position, limit: 1, filter, onMalformed: 'skip' })
    for await (const { time } of next)
      return { events, seconds: Math.max(0, (clock.now() - Date.parse(time)) / 1_000) }
    return { events, seconds: 0 }
  }

  #stateNow({ active, builds, isPaused }: ControlState): ProjectionStatus['state'] {
    if (isPaused) return 'paused'
    if (this.#isOutdated(builds)) return 'failed'
    const runs = [...this.#runs.values()]
    if (this.#error !== undefined || runs.some(({ state }) => state === 'failed')) return 'failed'
    if (runs.some(({ build }) => build.build > active)) return 'rebuilding'
    return this.#runs.get(active)?.state ?? 'catching-up'
  }

  #errorNow({ builds }: ControlState): unknown {
    const ofRuns = [...this.#runs.values()].map(({ error }) => error)
    const error = this.#error ?? ofRuns.find((each) => each !== undefined)
    if (error !== undefined || !this.#isOutdated(builds)) return error
    const { kind, name, version } = this.model
    const message = `version ${version} of the ${kind} ${name} is not run: a newer one is read`
    return new AetherError('reader-stopped', message)
  }

  #isOutdated(builds: ControlState['builds']): boolean {
    return !builds.some(({ version }) => version === buildVersion(this.model))
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
    this.#waiters.tell()
  }

  #fine(): void {
    if (this.#error === undefined) return
    const { kind, name } = this.model
    this.#around.logger.info({ kind, name }, `the ${kind} ${name} goes on`)
    this.#error = undefined
  }

  #tooLate(position: number, timeoutMs: number): AetherError {
    const { kind, name } = this.model
    const message = `the ${kind} ${name} did not get to position ${position} within ${timeoutMs} ms`
    return new AetherError('timeout', message)
  }
}

async function openControl(store: EventStore, model: ReaderModel): Promise<ReaderControl> {
  return new ReaderControl(await store.table('readers'), model.name, buildVersion(model))
}

/** Policies have one build: what they did is done, whatever their code is by now. */
function buildVersion({ kind, version }: ReaderModel): number {
  return kind === 'policy' ? 1 : version
}

function notRebuilt(policy: string): AetherError {
  const message = `the policy ${policy} can't be rebuilt: what it did is done`
  return new AetherError('invalid-argument', message)
}

function leastOf(parts: readonly PartState[]): number {
  return Math.min(...parts.map(({ position }) => position))
}

function described(error: unknown): NonNullable<ProjectionStatus['error']> {
  const message = messageOf(error)
  return isAetherError(error) ? { code: error.code, message } : { message }
}
