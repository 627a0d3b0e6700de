import { type Clock, isAetherError, type Logger, messageOf } from '../../core/index.ts'
import type { HandOut, HandOutOptions, NextEntry, TakeEntry } from './agenda.ts'
import type { Claim, ClaimTable } from './claim-table.ts'

interface Around {
  readonly table: ClaimTable
  readonly clock: Clock
  readonly logger: Logger
}

interface Settings extends HandOutOptions {
  readonly take: TakeEntry
}

/** When to look again after the table could not be asked. */
const afterFailureMs = 1_000
/**
 * The longest time that a timer is set to. It doesn't notice that the clock was set forward, or that the machine
 * slept: what has become due by that is late by as much at most.
 */
const longestAlarmMs = 60_000

/**
 * Claims what is due and gives it to its taker, as long as it is not disposed of. It looks when it is
 * woken, and else has one alarm, at the time of the next entry: without entries it has none.
 */
export class HandingOut implements HandOut {
  readonly #around: Around
  readonly #settings: Settings
  readonly #watch: Disposable
  readonly #underWay = new Set<Promise<void>>()
  /** How many of them are in their taker's hands; the others are being settled. */
  #taken = 0
  #looking: Promise<void> | undefined
  /** Something may have become due since the look under way began. */
  #isToLookAgain = false
  #alarm: Disposable | undefined
  #isEnded = false

  constructor(around: Around, settings: Settings) {
    this.#around = around
    this.#settings = settings
    this.#watch = around.table.watch(() => this.#look())
    this.#look()
  }

  async waiting(): Promise<ReadonlyMap<string, number>> {
    const { table, clock } = this.#around
    const { types } = this.#settings
    const counted = await table.countClaimable(types, clock.now())
    return new Map(types.map((type) => [type, counted.get(type) ?? 0]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true
    this.#watch[Symbol.dispose]()
    await this.#looking
    this.#alarm?.[Symbol.dispose]()
    await Promise.all(this.#underWay)
  }

  #look(): void {
    if (this.#isEnded) return
    this.#isToLookAgain = true
    this.#looking ??= this.#lookAround()
  }

  async #lookAround(): Promise<void> {
    let next: number | undefined
    while (this.#isToLookAgain && !this.#isEnded) {
      this.#isToLookAgain = false
      next = await this.#claim()
    }
    this.#setAlarm(next)
    // In the same turn as the last check, so that no call falls between them.
    this.#looking = undefined
  }

  /** Takes as much as there is room for; gives when there may be more. */
  async #claim(): Promise<number | undefined> {
    const { table, clock, logger } = this.#around
    const { types, concurrency, leaseMs } = this.#settings
    try {
      const limit = concurrency - this.#taken
      // Whoever is done looks again.
      if (limit <= 0) return undefined
      const now = clock.now()
      const claims = await table.claim({ types, now, until: now + leaseMs, limit })
      for (const claim of claims) this.#start(claim)
      if (claims.length === limit) return undefined
      return await table.nextClaimable(types)
    } catch (error) {
      const isClosed = isAetherError(error) && error.code === 'closed'
      if (!isClosed) logger.warn({}, `what is due could not be looked up: ${messageOf(error)}`)
      return isClosed ? undefined : clock.now() + afterFailureMs
    }
  }

  #start(claim: Claim): void {
    const work = this.#give(claim).finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  async #give(claim: Claim): Promise<void> {
    try {
      const next = await this.#take(claim)
      const settling = this.#around.table.settle(claim, next)
      // What is settled and what is claimed in its place are written together.
      this.#look()
      await settling
    } catch (error) {
      // Its lease ends, and somebody takes it again.
      const { actorId, kind, name } = claim.entry
      const message = `the ${kind} ${name} of ${actorId} was not settled: ${messageOf(error)}`
      this.#around.logger.warn({ actorId, kind, name }, message)
      this.#look()
    }
  }

  async #take({ entry }: Claim): Promise<NextEntry | undefined> {
    this.#taken++
    try {
      return await this.#settings.take(entry)
    } finally {
      this.#taken--
    }
  }

  #setAlarm(next: number | undefined): void {
    this.#alarm?.[Symbol.dispose]()
    this.#alarm = undefined
    if (next === undefined || this.#isEnded) return
    const ms = Math.min(Math.max(1, next - this.#around.clock.now()), longestAlarmMs)
    // An alarm that keeps no process alive; the look that it leads to sets the next one.
    this.#alarm = this.#around.clock.every(ms, () => this.#look())
  }
}
