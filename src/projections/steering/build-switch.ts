import type { Clock } from '../../core/index.ts'
import { leastOf, type PartState } from '../progress/part-progress.ts'
import { partOf } from '../progress/part.ts'
import type { BuildRest } from './build-rest.ts'
import type { BuildRun } from './build-run.ts'
import {
  activated,
  type ControlState,
  type PlannedSwitch,
  switchGivenUp,
  switchPlanned,
  type Transition,
} from './control-state.ts'

interface Around {
  /** The build that is read; undefined where the next one is measured against the log alone. */
  readonly active: BuildRest | undefined
  /** Whether that one rests while the next one gets what is left. */
  readonly freezes: boolean
  readonly clock: Clock
  readonly lastPosition: () => Promise<number>
  /** Changes what all members agree on. */
  readonly change: (transition: Transition) => Promise<ControlState>
}

/** How long the active build rests at most. If that is not enough, it goes on, and later rests again. */
const patienceMs = 10_000

/** A switch that all members know of, as this one leads it. */
interface Attempt {
  readonly attempt: number
  /** By the monotonic clock. */
  readonly untilMs: number
  /** The parts of the active build as they rest, and what else was there to be read by then. */
  rest: { readonly parts: readonly PartState[]; readonly position: number } | undefined
}

/**
 * Leads from the build that is read to the next one. When that one has caught up, all members agree on
 * an attempt, and nothing more is written to the old one; and when the next one has all that the old one
 * has, it takes its place. So whoever read something before the switch sees it after it as well.
 *
 * All members of the next build lead at the same time, and any may be held up at any point: what decides
 * is one change of what they agree on, which succeeds only as long as the attempt is under way, and the
 * old build rests at least as long as that.
 */
export class BuildSwitch {
  readonly next: BuildRun
  readonly #around: Around
  /** Where the log ended when it was last looked. */
  #mark: number | undefined
  #attempt: Attempt | undefined

  constructor(next: BuildRun, around: Around) {
    this.next = next
    this.#around = around
  }

  get #build(): number {
    return this.next.build.build
  }

  /** Goes on as far as it can by now; true once the next build is the active one. */
  async goOn({ switching }: ControlState): Promise<boolean> {
    if (switching && switching.build !== this.#build) return false
    const { active, freezes } = this.#around
    const rests = active !== undefined && freezes
    if (!(switching && rests) && !(await this.#hasCaughtUp())) return false
    if (!rests) return this.#activate(switching?.attempt)
    const planned = switching ?? (await this.#plan())
    return planned !== undefined && this.#follow(planned, active)
  }

  async #plan(): Promise<PlannedSwitch | undefined> {
    const { switching } = await this.#around.change(switchPlanned(this.#build))
    return switching?.build === this.#build ? switching : undefined
  }

  async #follow({ attempt }: PlannedSwitch, active: BuildRest): Promise<boolean> {
    const { clock, lastPosition } = this.#around
    const now = clock.monotonic()
    if (this.#attempt?.attempt !== attempt)
      this.#attempt = { attempt, untilMs: now + patienceMs, rest: undefined }
    const own = this.#attempt
    if (this.next.state === 'failed' || now >= own.untilMs) return this.#giveUp(attempt)
    if (!own.rest) {
      const parts = await active.begin(attempt)
      if (!parts) return false
      // Somebody who was held up may have written to documents behind the progress.
      const position = Math.max(await lastPosition(), ...parts.map((part) => part.position))
      own.rest = { parts, position }
    }
    const next = await this.next.parts()
    if (leastOf(next) < own.rest.position) return false
    if (!showsAll(next, own.rest.parts)) return this.#giveUp(attempt)
    return this.#activate(attempt)
  }

  async #activate(attempt: number | undefined): Promise<boolean> {
    const { change, clock } = this.#around
    const { active } = await change(activated(this.#build, attempt, clock.now()))
    return active >= this.#build
  }

  /** The old build goes on: the next one is not ready after all. */
  async #giveUp(attempt: number): Promise<false> {
    await this.#around.change(switchGivenUp(attempt))
    this.#attempt = undefined
    this.#mark = undefined
    return false
  }

  /** Where the log ended when it was looked before. */
  async #hasCaughtUp(): Promise<boolean> {
    this.#attempt = undefined
    if (this.next.state !== 'live') {
      this.#mark = undefined
      return false
    }
    const mark = this.#mark
    this.#mark = await this.#around.lastPosition()
    if (mark === undefined) return false
    const next = await this.next.parts()
    if (leastOf(next) < mark) return false
    const old = await this.#around.active?.stored()
    if (!old) return true
    return showsAll(
      next,
      old.map(({ state }) => state),
    )
  }
}

/** One that holds back an actor shows less, but where the old one didn't get further with it either. */
function showsAll(next: readonly PartState[], old: readonly PartState[]): boolean {
  return next.every(({ held }) =>
    [...held.values()].every(({ actorId, position }) => {
      const part = old[partOf(actorId, old.length)]
      const first = part?.held.get(actorId)?.position ?? (part?.position ?? 0) + 1
      return first <= position
    }),
  )
}
