import type { LogIdentity, ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import { changeTo, type PartProgress, type PartState } from '../progress/part-progress.ts'
import { storedParts } from './build-run.ts'
import type { ControlState } from './control-state.ts'

/** Others may change the progress between two looks, but not so often without an end. */
const maxTries = 100

/** A build that rests, or goes on: whoever works on it finds that its progress is another one. */
export class BuildRest {
  readonly #target: ProjectionTarget
  readonly #build: ProjectionBuild
  readonly #parts: readonly string[]
  readonly #log: LogIdentity | undefined

  /**
   * @param parts the names of all parts of the build, also of those that were never stored
   * @param log of which it is made
   */
  constructor(
    target: ProjectionTarget,
    build: ProjectionBuild,
    parts: readonly string[],
    log: LogIdentity | undefined,
  ) {
    this.#target = target
    this.#build = build
    this.#parts = parts
    this.#log = log
  }

  stored(): Promise<readonly PartProgress[]> {
    return storedParts(this.#target, this.#build, this.#parts)
  }

  /**
   * Nothing is written to it any more. Gives the parts as they rest; undefined where another attempt is
   * under way by now, or the build is over.
   */
  async begin(attempt: number): Promise<readonly PartState[] | undefined> {
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      const parts = await this.stored()
      const states = parts.map(({ state }) => state)
      if (states.some(({ frozenFor = 0 }) => frozenFor > attempt)) return undefined
      if (states.every(({ frozenFor }) => frozenFor === attempt)) return states
      // One that never began. Otherwise it has the tables of its own version, not those of this one.
      if (parts.every(({ revision }) => revision === undefined))
        await this.#target.prepare(this.#build, this.#log)
      await this.#freeze(parts, ({ frozenFor }) => frozenFor !== attempt, attempt)
    }
    return undefined
  }

  /**
   * Lets it go on where it rests for an attempt that is over, also one whose member is gone, or came
   * back late and let it rest once more.
   */
  async end({ attempts, switching }: ControlState): Promise<void> {
    const isOver = ({ frozenFor }: PartState): boolean =>
      frozenFor !== undefined && frozenFor <= attempts && frozenFor !== switching?.attempt
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      const parts = (await this.stored()).filter(({ state }) => isOver(state))
      if (parts.length === 0) return
      await this.#freeze(parts, isOver, undefined)
    }
  }

  async #freeze(
    parts: readonly PartProgress[],
    isConcerned: (state: PartState) => boolean,
    frozenFor: number | undefined,
  ): Promise<void> {
    const changes = parts
      .filter(({ state }) => isConcerned(state))
      .map((part) => changeTo(part, { ...part.state, frozenFor }))
    await this.#target.commit(this.#build, changes, () => {})
  }
}
