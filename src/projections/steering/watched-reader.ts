import { AetherError } from '../../core/index.ts'
import type { ProjectionBuild } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { Sightings } from '../membership/sightings.ts'
import { heldUpTo, leastOf } from '../progress/part-progress.ts'
import type { ControlState } from './control-state.ts'
import { EffectFront, type Effects } from './effect-front.ts'
import {
  PositionWaiters,
  type Reached,
  type ReachedOptions,
  tooLateFor,
} from './position-waiters.ts'
import type { ProjectionStatus } from './projection-status.ts'
import { isOf } from './build-code.ts'
import { ReaderDesk, type DeskSurroundings } from './reader-desk.ts'
import type { SeenReader } from './seen-reader.ts'

/**
 * One reader of the log that other nodes run: it is read, waited for and steered here by what is stored of it.
 * It takes part in nothing and asks nobody as long as nobody asks here.
 */
export class WatchedReader implements SeenReader {
  readonly model: ReaderModel
  readonly desk: ReaderDesk
  readonly #around: DeskSurroundings
  readonly #waiters: PositionWaiters
  readonly #sightings = new Sightings()
  #front: { readonly build: number; readonly front: EffectFront } | undefined
  #isOfThisLog = false

  constructor(model: ReaderModel, around: DeskSurroundings) {
    this.model = model
    this.#around = around
    this.#waiters = new PositionWaiters(around.clock)
    this.desk = new ReaderDesk(model, { ...around, onChange: this.#waiters.tell })
  }

  async activeBuild(): Promise<ProjectionBuild> {
    const { active } = await this.desk.read()
    return this.desk.numbered(active)
  }

  reached(position: number, options: ReachedOptions = {}): Promise<Reached> {
    return this.#waiters.until({
      ...options,
      look: () => this.#lookAt(position),
      tooLate: (timeoutMs) => tooLateFor(this.model, position, timeoutMs),
    })
  }

  status(): Promise<ProjectionStatus> {
    return this.desk.status()
  }

  /**
   * {@link status} for whoever asks again and again, and can't wait: a node that fell silent is seen from the
   * second look on that comes a lease after another.
   */
  glance(): Promise<ProjectionStatus> {
    return this.desk.status({ listens: false, sightings: this.#sightings })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { kind, name } = this.model
    this.#waiters.end(new AetherError('closed', `the node of the ${kind} ${name} was closed`))
    await this.desk[Symbol.asyncDispose]()
  }

  /** Undefined where it isn't there yet. */
  async #lookAt(position: number): Promise<Reached | undefined> {
    await this.#checkLog()
    const { position: reached, parts } = await this.#effects(position)
    if (reached < position) return undefined
    return { heldBack: heldUpTo(position, parts).map(({ actorId }) => actorId) }
  }

  /** @throws AetherError `incompatible-store`, `unknown-position`; those of the store */
  async #checkLog(): Promise<void> {
    if (this.#isOfThisLog) return
    const mismatch = await this.desk.mismatch()
    if (mismatch) throw mismatch
    this.#isOfThisLog = true
  }

  /** What other code handles of the log, nobody knows here: then it counts what is stored. */
  async #effects(position: number): Promise<Effects> {
    const control = await this.desk.read()
    const build = control.builds.find((each) => each.build === control.active)
    if (build && isOf(build, this.model)) return this.#frontOf(control).look(position)
    const parts = await this.desk.storedParts(control, control.active)
    return { position: leastOf(parts), parts }
  }

  #frontOf(control: ControlState): EffectFront {
    if (this.#front?.build === control.active) return this.#front.front
    const parts = () => this.desk.storedParts(control, control.active)
    const front = new EffectFront(this.model, { store: this.#around.store, parts })
    this.#front = { build: control.active, front }
    return front
  }
}
