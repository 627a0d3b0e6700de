import { AetherError, type Clock, type Logger, unlessAborted } from '../../core/index.ts'
import {
  type EventStore,
  ofAnotherLog,
  type ProjectionBuild,
  type ProjectionTarget,
} from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { type CalledMember, callRoll, type RollCall } from '../membership/roll-call.ts'
import { newPart, type PartState } from '../progress/part-progress.ts'
import { partNames } from '../progress/part.ts'
import { codeOf, isOf } from './build-code.ts'
import { groupOf, storedParts } from './build-run.ts'
import {
  type ControlState,
  forgotten,
  isForgotten,
  knownBuilds,
  nudged,
  partsIn,
  paused,
  type PlacedBuild,
  rebuilding,
  type Transition,
} from './control-state.ts'
import { membersTable } from './crew.ts'
import { HeldDesk, type ParkedActor, type Skip, type SpreadBuild } from './held-desk.ts'
import { lossOf } from './lost-progress.ts'
import type { ProjectionStatus } from './projection-status.ts'
import { ReaderControl } from './reader-control.ts'
import { type Found, livingIn, reportOf, storedState } from './status-report.ts'
import type { RebuildOptions, SteerOptions } from './steering-options.ts'

/** What a desk works with. */
export interface DeskSurroundings {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  /** What was agreed on has changed. @default nobody is told */
  readonly onChange?: () => void
}

/** How it is found out who lives. */
type Listening = Pick<RollCall, 'listens' | 'sightings'>

/**
 * Where one reader of the log is seen and steered by what is stored of it: it runs nothing, so it works
 * beside the nodes that do, and where there is none.
 */
export class ReaderDesk implements AsyncDisposable {
  readonly model: ReaderModel
  readonly target: ProjectionTarget
  readonly #around: DeskSurroundings
  readonly #held: HeldDesk
  #control: Promise<ReaderControl> | undefined
  /** Of the target, as far as anybody has asked. */
  #place: string | undefined

  constructor(model: ReaderModel, around: DeskSurroundings) {
    this.model = model
    this.#around = around
    this.target = model.makeTarget(around.store, model.options)
    this.#held = new HeldDesk({ ...around, target: this.target })
  }

  /** What couldn't be opened is tried again by the next who needs it. */
  control(): Promise<ReaderControl> {
    this.#control ??= this.#openControl().catch((error: unknown) => {
      this.#control = undefined
      throw error
    })
    return this.#control
  }

  /** In the target; 0 where none is, or it can't tell. */
  async newestBuild(): Promise<number> {
    return (await this.target.newestBuild?.(this.model.name)) ?? 0
  }

  /**
   * Where the target is, undefined where it can't tell. Only for members: it is made where there was none.
   * Who looks takes it that the target is where the builds are.
   */
  async findPlace(): Promise<string | undefined> {
    this.#place ??= await this.target.place?.()
    return this.#place
  }

  /** Whether a build is written where the target is, as far as that is known. */
  isHere({ place }: Omit<PlacedBuild, 'build'>): boolean {
    return place === undefined || this.#place === undefined || place === this.#place
  }

  /** Whether all that this code makes is written to another place. */
  isElsewhere({ builds }: ControlState): boolean {
    const own = builds.filter((build) => isOf(build, this.model))
    return own.length > 0 && !own.some((build) => this.isHere(build))
  }

  /**
   * Why what the target has must be left alone: it is made of another log, and nobody has said that it is to be
   * made anew of this one. Undefined where all is well.
   */
  async foreignness(): Promise<AetherError | undefined> {
    const { target, model } = this
    const log = await target.madeOf?.(model.name)
    const { identity } = this.#around.store
    if (!log || log.id === identity?.id) return undefined
    const control = await this.control()
    const newest = await this.newestBuild()
    const isWanted = (await control.read()).builds.some(({ build }) => build > newest)
    if (isWanted && (await control.isThere())) return undefined
    return ofAnotherLog({ target: target.name, projection: model.name, log }, identity)
  }

  /** The builds here that are made of events which the log doesn't have, and why that is known. */
  async losses(): Promise<ReadonlyMap<number, AetherError>> {
    const control = await this.read()
    const losses = new Map<number, AetherError>()
    for (const each of knownBuilds(control)) {
      if (!this.isHere(each)) continue
      const { build } = each
      const names = this.partNames(control, build)
      const stored = await storedParts(this.target, this.numbered(build), names)
      const parts = stored.map(({ state }) => state)
      const loss = await lossOf({ build, parts }, this.model, this.#around.store)
      if (loss) losses.set(build, loss)
    }
    return losses
  }

  /** Why what is read is not made of the log as it is; undefined where all is well. */
  async mismatch(): Promise<AetherError | undefined> {
    const foreignness = await this.foreignness()
    if (foreignness) return foreignness
    return (await this.losses()).get((await this.read()).active)
  }

  /** Whether nobody can tell here what is in the build that is read. */
  isUnknown(control: ControlState): boolean {
    const active = control.builds.find(({ build }) => build === control.active)
    return isForgotten(control) || (active !== undefined && !this.isHere(active))
  }

  /** What all members agree on. */
  async read(): Promise<ControlState> {
    return (await this.control()).read()
  }

  /**
   * How it is doing, as far as it is stored. @param listening @default for a lease to those who seem to be silent
   */
  async status(listening: Listening = { listens: true }): Promise<ProjectionStatus> {
    const control = await this.read()
    const members = await this.members(control, listening)
    const error = await this.mismatch()
    return this.report(control, {
      parts: error ? this.unreadParts(control) : await this.storedParts(control, control.active),
      members,
      state: (lag) => (error ? 'failed' : storedState(control, members, lag)),
      error,
    })
  }

  /** A status of what was found out. */
  async report(control: ControlState, found: Found): Promise<ProjectionStatus> {
    return reportOf(this.model, control, found, this.#around)
  }

  async pause(isPaused: boolean, { signal }: SteerOptions = {}): Promise<void> {
    await this.#change(paused(isPaused), signal)
  }

  /**
   * Begins one more build, where the target is if that is known; gives its number.
   * @throws AetherError `invalid-argument` for a policy, and where a newer version is there, or, to go back, a node
   * that runs one
   */
  async rebuild({ back = false, signal }: RebuildOptions = {}): Promise<number> {
    const { kind, name, version } = this.model
    if (kind === 'policy') throw notRebuilt(name)
    if (back) await unlessAborted(signal, () => this.#assertNoneIsNewer())
    const rebuilt = await unlessAborted(signal, () => this.#rebuilt())
    const { last } = await this.#change((state) => {
      const newestVersion = Math.max(...state.builds.map((each) => each.version))
      if (version < newestVersion && !back) throw outdated(this.model, newestVersion)
      return rebuilt(state)
    }, signal)
    return last
  }

  /** @throws AetherError `invalid-argument` where a node runs newer code */
  async #assertNoneIsNewer(): Promise<void> {
    const control = await this.read()
    const members = await this.members(control, { listens: true })
    const { version, kind, name } = this.model
    for (const each of control.builds) {
      if (each.version <= version || livingIn(name, each.build, members) === 0) continue
      const message = `nodes run version ${each.version} of the ${kind} ${name}: end them before you go back to version ${version}, or they make theirs anew`
      throw new AetherError('invalid-argument', message)
    }
  }

  /** The state with one more build. */
  async #rebuilt(): Promise<(state: ControlState) => ControlState> {
    const code = codeOf(this.model)
    if (await this.mismatch()) {
      const found = await this.newestBuild()
      return (state) => forgotten(Math.max(found, state.last), code)(state)
    }
    // Where all is elsewhere, nobody knows what is here: it must not be taken for the new one.
    const newest = this.isElsewhere(await this.read()) ? await this.newestBuild() : 0
    const where = { newest, ...(this.#place !== undefined && { place: this.#place }) }
    return rebuilding(code, this.#around.clock.now(), where)
  }

  async parked(): Promise<readonly ParkedActor[]> {
    const builds = await this.#builds()
    return (await Promise.all(builds.map((build) => this.#held.list(build)))).flat()
  }

  retry(actorId: string, { signal }: SteerOptions = {}): Promise<boolean> {
    return this.#decide((build, pending) => this.#held.retry(build, actorId, pending), signal)
  }

  /** {@link retry} for all who are held back; gives who they are. */
  async retryAll({ signal }: SteerOptions = {}): Promise<readonly string[]> {
    const retried = new Set<string>()
    await this.#decide(async (build, pending) => {
      const held = await this.#held.retryAll(build, pending)
      for (const actorId of held) retried.add(actorId)
      return held.length > 0
    }, signal)
    return [...retried]
  }

  /** @throws AetherError `invalid-argument` where the reason is empty or too long */
  async skip(actorId: string, skip: Skip, { signal }: SteerOptions = {}): Promise<boolean> {
    checkReason(skip.reason)
    return this.#decide((build, pending) => this.#held.skip(build, actorId, skip, pending), signal)
  }

  /** The parts of the build that is read, where their positions say nothing about this log. */
  unreadParts(control: ControlState): readonly PartState[] {
    return this.partNames(control, control.active).map((name) => newPart(name, 0).state)
  }

  /** How far each part of a build is, as it is stored, and as far as that is known. */
  async storedParts(control: ControlState, build: number): Promise<readonly PartState[]> {
    // Its positions may be those of another log.
    const isUnknown = build === control.active && this.isUnknown(control)
    if (isUnknown || (await this.foreignness())) return this.unreadParts(control)
    const names = this.partNames(control, build)
    const stored = await storedParts(this.target, this.numbered(build), names)
    return stored.map(({ state }) => state)
  }

  /** The parts of a build, which may be of other code than what runs here. */
  partNames(control: ControlState, build: number): readonly string[] {
    return partNames(partsIn(control, build, this.model.options.parts))
  }

  /** The nodes that share the parts of all builds. @param listening as of {@link callRoll} */
  async members({ builds }: ControlState, listening: Listening): Promise<readonly CalledMember[]> {
    const { store, clock } = this.#around
    const groups = builds.map(({ build }) => groupOf(this.numbered(build)))
    return callRoll({ table: await store.table(membersTable), groups, clock, ...listening })
  }

  numbered(build: number): ProjectionBuild {
    return { projection: this.model.name, build }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.target.close()
  }

  async #openControl(): Promise<ReaderControl> {
    const table = await this.#around.store.table('readers')
    const { model } = this
    return new ReaderControl(table, model.name, codeOf(model), () => this.newestBuild())
  }

  async #change(transition: Transition, signal?: AbortSignal): Promise<ControlState> {
    const control = await unlessAborted(signal, () => this.control())
    const state = await control.change(transition, signal)
    this.#around.onChange?.()
    return state
  }

  async #builds(): Promise<readonly SpreadBuild[]> {
    const foreignness = await this.foreignness()
    if (foreignness) throw foreignness
    const control = await this.read()
    const own = this.model.options.parts
    const here = control.builds.filter((build) => this.isHere(build))
    return here.map(({ build }) => ({
      ...this.numbered(build),
      parts: partsIn(control, build, own),
    }))
  }

  /** Does it in each build, and tells all members. Once it is done in one, no signal keeps it from the others. */
  async #decide(
    change: (build: SpreadBuild, pending: AbortSignal | undefined) => Promise<boolean>,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let isDone = false
    for (const build of await unlessAborted(signal, () => this.#builds()))
      isDone = (await change(build, isDone ? undefined : signal)) || isDone
    if (isDone) await this.#change(nudged)
    return isDone
  }
}

/** As many reasons as are remembered of a part must fit beside its progress. */
const maxReasonLength = 300

/** Whoever comes without types may give anything. */
function checkReason(reason: unknown): void {
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= maxReasonLength) return
  const message = `passing over an event needs a reason of 1 to ${maxReasonLength} characters`
  throw new AetherError('invalid-argument', message)
}

function notRebuilt(policy: string): AetherError {
  const message = `the policy ${policy} can't be rebuilt: what it did is done`
  return new AetherError('invalid-argument', message)
}

function outdated({ kind, name, version }: ReaderModel, newest: number): AetherError {
  const message = `version ${version} of the ${kind} ${name} can't be rebuilt: version ${newest} is there; to go back to the older one, say so (back)`
  return new AetherError('invalid-argument', message)
}
