import type { ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import { changeTo, leastOf, type PartState } from '../progress/part-progress.ts'
import { partNames } from '../progress/part.ts'
import { type BuildRun, storedParts } from './build-run.ts'

interface Around {
  readonly target: ProjectionTarget
  /** How many parts there are. */
  readonly parts: number
  /** Whether the old build rests while the next one gets what is left. */
  readonly freezes: boolean
  readonly lastPosition: () => Promise<number>
}

/**
 * Leads from the build that is read to the next one. When that one has caught up, nothing more is written
 * to the old one; and when it has all that the old one has, it takes its place. So whoever read
 * something before the switch sees it after it as well.
 */
export class BuildSwitch {
  readonly next: BuildRun
  readonly #active: ProjectionBuild
  readonly #around: Around
  /** Where the log ended when it was last looked. */
  #mark: number | undefined
  /** How far the old build got. */
  #frozenAt: number | undefined

  constructor(active: ProjectionBuild, next: BuildRun, around: Around) {
    this.#active = active
    this.next = next
    this.#around = around
  }

  /** Goes on as far as it can by now; true once the next build may be made the active one. */
  async isReady(): Promise<boolean> {
    if (this.next.state !== 'live') {
      await this.abandon()
      return false
    }
    if (this.#frozenAt === undefined) {
      const mark = this.#mark
      this.#mark = await this.#around.lastPosition()
      if (mark === undefined || !(await this.#hasCaughtUp(mark))) return false
      if (!this.#around.freezes) return true
      this.#frozenAt = await this.#freeze(true)
    }
    return leastOf(await this.next.parts()) >= this.#frozenAt
  }

  /** The old build goes on: the next one is not ready after all. */
  async abandon(): Promise<void> {
    if (this.#frozenAt === undefined) return
    await this.#freeze(false)
    this.#frozenAt = undefined
    this.#mark = undefined
  }

  /** One that holds back more actors than the old one shows less, not more. */
  async #hasCaughtUp(mark: number): Promise<boolean> {
    const next = await this.next.parts()
    if (leastOf(next) < mark) return false
    const old = (await this.#stored()).map(({ state }) => state)
    return heldIn(next) <= heldIn(old)
  }

  /** Whoever works on the old build finds that its progress is another one. */
  async #freeze(isFrozen: boolean): Promise<number> {
    const { target } = this.#around
    for (;;) {
      const parts = await this.#stored()
      const changes = parts
        .filter(({ state }) => state.isFrozen !== isFrozen)
        .map((part) => changeTo(part, { ...part.state, isFrozen }))
      if (changes.length === 0) return Math.max(...parts.map(({ state }) => state.position))
      // One that never began. Otherwise it has the tables of its own version, not those of this one.
      if (parts.every(({ revision }) => revision === undefined)) await target.prepare(this.#active)
      await target.commit(this.#active, changes, () => {})
    }
  }

  #stored(): ReturnType<typeof storedParts> {
    const { target, parts } = this.#around
    return storedParts(target, this.#active, partNames(parts))
  }
}

function heldIn(parts: readonly PartState[]): number {
  return parts.reduce((sum, { held }) => sum + held.size, 0)
}
