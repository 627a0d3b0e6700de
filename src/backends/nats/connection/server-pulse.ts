import type { NatsConnection } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
import type { LinkObserver } from './link-observer.ts'

/** A server that was frozen long enough to be replaced as a leader, 2 s at least, misses some of these. */
const beatMs = 500
const silentMs = 1_000

/** For how long a server that goes on is doubted: ten times as long as one was seen to answer old. */
export const settleMs = 250

/** The connection whose server is felt. */
interface FeltLink {
  readonly nats: NatsConnection
  readonly isConnected: boolean
  readonly closing: AbortSignal
  attempt<T>(send: () => Promise<T>): Promise<T>
  observe(observer: LinkObserver): void
}

/**
 * Feels whether the server of a cluster lives. One that was frozen doesn't know at first what the
 * others did meanwhile: that they have another leader, say. What it answers within the first
 * milliseconds is not to be believed, and nothing but its silence before shows that.
 */
export class ServerPulse {
  readonly #link: FeltLink
  /** Since when a question is unanswered; it was always so long ago where the connection was lost. */
  #unansweredSince: number | undefined
  #isAsking = false
  #doubtedUntil = 0

  constructor(link: FeltLink) {
    this.#link = link
    const beats = systemClock.every(beatMs, () => void this.#beat())
    link.closing.addEventListener('abort', () => beats[Symbol.dispose](), { once: true })
    // Whom we get next may be one that has just come back.
    link.observe({ lost: () => (this.#unansweredSince = -silentMs), failed: () => undefined })
  }

  /** Whether an answer that has just come, to what was asked then, may be from before a silence. */
  isDoubtful(askedAt: number): boolean {
    return this.#isCluster && (this.#isSilent || askedAt < this.#doubtedUntil)
  }

  get #isCluster(): boolean {
    return this.#link.nats.info?.cluster !== undefined
  }

  get #isSilent(): boolean {
    const since = this.#unansweredSince
    return since !== undefined && performance.now() - since >= silentMs
  }

  async #beat(): Promise<void> {
    if (this.#isAsking || !this.#isCluster || !this.#link.isConnected) return
    this.#isAsking = true
    this.#unansweredSince ??= performance.now()
    try {
      await this.#link.attempt(() => this.#link.nats.rtt())
      if (this.#isSilent) this.#doubtedUntil = performance.now() + settleMs
      this.#unansweredSince = undefined
    } catch {
      // The connection was lost, which is told to us.
    } finally {
      this.#isAsking = false
    }
  }
}
