import type { Clock } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import { lifeSignText, memberPrefix, readLifeSign } from './sightings.ts'

export interface LifeSettings {
  readonly table: DocumentTable
  readonly memberId: string
  readonly clock: Clock
  readonly leaseMs: number
}

/** A document that says that a member lives, as it last knew it. */
interface Sign {
  readonly key: string
  readonly identity: string
  readonly revision: number
  /** By the monotonic clock, of the last sign that was acknowledged. */
  readonly sentAtMs: number
  /** False where nobody knows whether a later sign was stored. */
  readonly isCertain: boolean
}

/**
 * The life of one member: a document of its own, changed again and again. When somebody has removed it,
 * that life is over, and the next begins with another identity.
 */
export class Life {
  readonly #settings: LifeSettings
  #sign: Sign | undefined

  constructor(settings: LifeSettings) {
    this.#settings = settings
  }

  get identity(): string | undefined {
    return this.#sign?.identity
  }

  get key(): string | undefined {
    return this.#sign?.key
  }

  /** False from the moment on when others may take it for dead, whether or not they do. */
  get isCertain(): boolean {
    const { clock, leaseMs } = this.#settings
    return this.#sign !== undefined && clock.monotonic() < this.#sign.sentAtMs + leaseMs
  }

  /**
   * Shows that it lives; begins a new life where there is none.
   * @returns false where the last one was over
   */
  async show(): Promise<boolean> {
    if (!this.#sign) {
      await this.#begin()
      return true
    }
    if (await this.#renew(this.#sign)) return true
    this.#sign = undefined
    await this.#begin()
    return false
  }

  /** Others need not wait until it is taken for dead. */
  async end(): Promise<void> {
    const sign = this.#sign
    this.#sign = undefined
    if (sign) await this.#settings.table.remove(sign.key, sign.revision)
  }

  async #begin(): Promise<void> {
    const { table, memberId, clock, leaseMs } = this.#settings
    for (let life = 1; ; life++) {
      // Under the first key another life may not have been forgotten yet.
      const key = `${memberPrefix}${memberId}${life > 1 ? `~${life}` : ''}`
      const sentAtMs = clock.monotonic()
      const text = lifeSignText({ leaseMs, time: clock.now() })
      const revision = await table.put(key, text, undefined)
      if (revision === undefined) continue
      this.#sign = { key, identity: String(revision), revision, sentAtMs, isCertain: true }
      return
    }
  }

  async #renew(sign: Sign): Promise<boolean> {
    const { table, clock, leaseMs } = this.#settings
    const { key, identity } = sign
    const expected = sign.isCertain ? sign.revision : await this.#revisionOf(sign)
    if (expected === undefined) return false
    const sentAtMs = clock.monotonic()
    this.#sign = { ...sign, revision: expected, isCertain: false }
    const text = lifeSignText({ leaseMs, time: clock.now() }, identity)
    const revision = await table.put(key, text, expected)
    if (revision === undefined) return false
    this.#sign = { key, identity, revision, sentAtMs, isCertain: true }
    return true
  }

  /** Undefined where it is over. */
  async #revisionOf({ key, identity }: Sign): Promise<number | undefined> {
    const found = await this.#settings.table.get(key)
    return found && readLifeSign(found).identity === identity ? found.revision : undefined
  }
}
