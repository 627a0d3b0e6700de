import { AetherError, type Clock, type Logger } from '../../src/core/index.ts'
import { joinMembers } from '../../src/projections/membership/join-members.ts'
import type { PartOwnership } from '../../src/projections/progress/part-ownership.ts'
import type { Document, DocumentTable } from '../../src/store/index.ts'
import type { VirtualClock } from '../../src/testing/index.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

export interface SimulatedWorld {
  readonly clock: VirtualClock
  readonly table: DocumentTable
  readonly random: SeededRandom
  /** How likely a write fails, whether or not it was carried out. */
  readonly failing: number
}

/**
 * A process that can be killed, or frozen and go on: what it sent before is carried out all the same.
 * Its requests take 1 to 40 ms of virtual time.
 */
export class SimulatedProcess {
  readonly #world: SimulatedWorld
  readonly memberId: string
  readonly warnings: string[] = []
  writes = 0
  reads = 0
  isKilled = false
  #running: Promise<void> = Promise.resolve()
  #goOn: (() => void) | undefined
  readonly #parts = new Map<string, PartOwnership>()
  readonly #joining = new Map<string, Promise<PartOwnership>>()

  constructor(memberId: string, world: SimulatedWorld) {
    this.memberId = memberId
    this.#world = world
  }

  get isFrozen(): boolean {
    return this.#goOn !== undefined
  }

  async join(group: string, parts: readonly string[]): Promise<PartOwnership> {
    const joining = joinMembers({
      table: this.#table,
      group,
      parts,
      memberId: this.memberId,
      clock: this.#clock,
      logger: this.#logger,
    })
    this.#joining.set(group, joining)
    const ownership = await joining
    this.#parts.set(group, ownership)
    return ownership
  }

  /** Once it has joined: who is still about to can't leave. */
  async leave(group: string): Promise<void> {
    const ownership = await this.#joining.get(group)?.catch(() => undefined)
    await ownership?.[Symbol.asyncDispose]()
  }

  /** What it believes to own. Nothing where it was killed. */
  owned(group: string): ReadonlySet<string> {
    const none = new Set<string>()
    return this.isKilled ? none : (this.#parts.get(group)?.owned ?? none)
  }

  kill(): void {
    this.isKilled = true
    this.freeze()
  }

  freeze(): void {
    if (this.#goOn) return
    this.#running = new Promise((resolve) => (this.#goOn = resolve))
  }

  goOn(): void {
    if (this.isKilled) return
    this.#goOn?.()
    this.#goOn = undefined
  }

  readonly #logger: Logger = {
    debug() {},
    info() {},
    warn: (_fields, message) => void this.warnings.push(message),
    error: (_fields, message) => void this.warnings.push(message),
  }

  get #clock(): Clock {
    const { clock } = this.#world
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      // As of a stopped process: what was missed meanwhile comes once.
      every: (ms, task) => {
        let isMissed = false
        return clock.every(ms, () => {
          if (!this.isFrozen) task()
          else if (!isMissed) {
            isMissed = true
            void this.#running.then(() => {
              isMissed = false
              task()
            })
          }
        })
      },
    }
  }

  async #request<T>(work: () => Promise<T>, isWrite: boolean): Promise<T> {
    const { random, clock, failing } = this.#world
    await this.#running
    if (isWrite) this.writes++
    else this.reads++
    const isFailing = isWrite && random.chance(failing)
    await clock.sleep(1 + random.below(20))
    const result = isFailing && random.chance(0.5) ? undefined : await work()
    await clock.sleep(random.below(20))
    await this.#running
    if (isFailing) throw new AetherError('outcome-unknown', 'it was to fail')
    return result as T
  }

  readonly #table: DocumentTable = {
    maxTextBytes: Infinity,
    get: (key) => this.#request(() => this.#world.table.get(key), false),
    getMany: (keys) => this.#request(() => this.#world.table.getMany(keys), false),
    list: (prefix) => this.#list(prefix),
    put: (key, text, expected) =>
      this.#request(() => this.#world.table.put(key, text, expected), true),
    remove: (key, expected) => this.#request(() => this.#world.table.remove(key, expected), true),
    watch: (wake) => this.#world.table.watch(() => void this.#running.then(wake)),
    clear: () => this.#world.table.clear(),
  }

  async *#list(prefix: string): AsyncGenerator<Document> {
    yield* await this.#request(() => Array.fromAsync(this.#world.table.list(prefix)), false)
  }
}
