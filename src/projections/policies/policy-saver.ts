import type { Clock } from '../../core/index.ts'
import type { ProjectionBuild } from '../../store/index.ts'
import type { PolicyPart } from './policy-part.ts'
import type { PolicyParts } from './policy-parts.ts'
import type { PolicyTarget } from './policy-target.ts'

/** How long it may wait to be stored that something was done which does nothing when it is done again. */
const harmlessMs = 100
/** How long it may wait to be stored that nothing had to be done. */
const passedMs = 1_000

interface PolicySaverContext {
  readonly target: PolicyTarget
  readonly build: ProjectionBuild
  readonly clock: Clock
  readonly parts: PolicyParts
  /** Somebody else has stored other progress. */
  readonly onOvertaken: () => void
  readonly onFailure: (error: unknown) => void
  /** Nothing is being stored any more. */
  readonly onIdle: () => void
}

/** Stores how far a policy is, beside its work: one write at a time, which many events share. */
export class PolicySaver {
  readonly #context: PolicySaverContext
  #saving: Promise<void> | undefined
  #lastSaved = -Infinity
  /** When parts were stored last that only passed events. */
  #lastPassed = -Infinity

  constructor(context: PolicySaverContext) {
    this.#context = context
  }

  /** Resolves when nothing is being stored. */
  async idle(): Promise<void> {
    await this.#saving
  }

  /** Begins to store what is due. */
  saveDue(): void {
    if (this.restMs() > 0) return
    this.#occupy(this.#run())
  }

  /**
   * Does this while nothing is being stored: what is read of the progress is otherwise older than what this
   * member knows, and nobody could tell that from what others have changed.
   */
  async pauseFor(work: () => Promise<void>): Promise<void> {
    while (this.#saving) await this.#saving
    const working = work()
    this.#occupy(working.catch(() => undefined))
    await working
  }

  /** How long until something is due, if nothing is being stored. */
  restMs(): number {
    if (this.#saving) return Infinity
    const all = [...this.#context.parts]
    if (all.some((part) => part.isUrgent)) return 0
    const isChanged = all.some((part) => part.isChanged)
    const since = this.#context.clock.monotonic() - this.#lastSaved
    return Math.min(isChanged ? harmlessMs - since : Infinity, this.#passedRestMs())
  }

  /** Stores all that there is to store of these parts. @throws AetherError as a table */
  async save(all: Iterable<PolicyPart>): Promise<void> {
    const parts = [...all].filter((part) => part.isAhead)
    if (parts.length === 0) return
    const { clock, target, build, onOvertaken } = this.#context
    this.#lastSaved = clock.monotonic()
    const changes = parts.map((part) => part.change())
    const offered = changes.map(({ change }) => change)
    let stored: Awaited<ReturnType<PolicyTarget['commit']>>
    try {
      stored = await target.commit(build, offered, () => {})
    } finally {
      if (!stored) for (const part of parts) part.unchange()
    }
    if (!stored) return onOvertaken()
    for (const [index, progress] of stored.entries()) changes[index]?.stored(progress)
  }

  #occupy(saving: Promise<void>): void {
    this.#saving = saving.finally(() => {
      this.#saving = undefined
      this.#context.onIdle()
    })
  }

  /** What only passed events is stored now and then: each one that is handled would else store all parts. */
  #passedRestMs(): number {
    const isPassed = [...this.#context.parts].some((part) => part.isAhead && !part.isChanged)
    return isPassed ? this.#lastPassed + passedMs - this.#context.clock.monotonic() : Infinity
  }

  #due(): readonly PolicyPart[] {
    const all = [...this.#context.parts]
    if (this.#passedRestMs() > 0) return all.filter((part) => part.isChanged)
    this.#lastPassed = this.#context.clock.monotonic()
    return all
  }

  async #run(): Promise<void> {
    try {
      await this.save(this.#due())
    } catch (error) {
      this.#context.onFailure(error)
    }
  }
}
