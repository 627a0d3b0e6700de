import { AetherError } from '../../../core/index.ts'
import { checkDurability, type DurabilityCheckContext } from './durability-check.ts'

/** After a refusal it is looked again, at the earliest so long after, for who wants to write. */
const lookAgainMs = 1_000

/**
 * Looks whether the servers sync as the option `durability` demands: when the store is opened, and after
 * each reconnection, as the server may be another one, or have another configuration.
 */
export class DurabilityWatch {
  readonly #context: DurabilityCheckContext
  #isSure = true
  #isSyncedAlone = false
  #looking: Promise<void> | undefined
  #lookedAt = 0

  private constructor(context: DurabilityCheckContext) {
    this.#context = context
  }

  /** @throws as {@link checkDurability} */
  static async open(context: DurabilityCheckContext): Promise<DurabilityWatch> {
    const watch = new DurabilityWatch(context)
    await watch.#check('opening')
    const observer = { recovered: () => watch.#doubt(), lost: ignore, failed: ignore }
    if (context.settings.durability !== 'trust') context.link.observe(observer)
    return watch
  }

  /** Whether each message costs a sync of one server's disk, as far as it was looked. */
  get isSyncedAlone(): boolean {
    return this.#isSyncedAlone
  }

  /**
   * What a write has to wait for where durability is required, after a reconnection: it rejects as
   * opening would, until a look finds that all is right. Undefined as long as that is so.
   */
  get doubt(): Promise<void> | undefined {
    if (this.#isSure) return undefined
    const isStale = performance.now() - this.#lookedAt >= lookAgainMs
    if (!this.#looking || isStale) this.#look()
    return this.#looking
  }

  #doubt(): void {
    this.#isSure = this.#context.settings.durability !== 'require'
    this.#look()
  }

  /** What a look finds that was begun before the last reconnection doesn't count. */
  #look(): void {
    const looking = this.#check('reconnection').then(
      () => {
        if (this.#looking === looking) this.#isSure = true
      },
      (error: unknown) => {
        throw this.#explained(error)
      },
    )
    looking.catch(() => undefined) // who writes is told; and the logger, by the look
    this.#looking = looking
    this.#lookedAt = performance.now()
  }

  #check(occasion: 'opening' | 'reconnection'): Promise<void> {
    return checkDurability(this.#context, occasion, (isSyncedAlone) => {
      this.#isSyncedAlone = isSyncedAlone
    })
  }

  #explained(error: unknown): unknown {
    if (!this.#context.link.isClosing) return error
    return new AetherError('closed', 'the event store was closed', { cause: error })
  }
}

function ignore(): void {}
