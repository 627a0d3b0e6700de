import { AetherError } from '../../core/index.ts'
import type { GatheredBody } from '../exchange/body.ts'

interface Unfinished {
  readonly bytes: number
  readonly refuse: (error: AetherError) => void
}

/**
 * The bodies that have come in part, and what they hold together. Where that is too much, the ones that began
 * first are refused: whoever sends slowly gives way to those who send.
 */
export class UnfinishedBodies {
  readonly #maxBytes: number
  /** In the order in which they began. */
  readonly #bodies = new Map<GatheredBody, Unfinished>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** How much all of them hold. */
  get bytes(): number {
    return this.#bytes
  }

  /** More of the body has come. `refuse` is told if it has to give way, now or later. */
  hold(body: GatheredBody, refuse: Unfinished['refuse']): void {
    const { bytes } = body
    this.#bytes += bytes - (this.#bodies.get(body)?.bytes ?? 0)
    this.#bodies.set(body, { bytes, refuse })
    for (const [oldest, unfinished] of this.#bodies) {
      if (this.#bytes <= this.#maxBytes) return
      this.letGo(oldest)
      oldest.discard()
      unfinished.refuse(this.#tooMany())
    }
  }

  /** Its body has come whole, or will not come any more. */
  letGo(body: GatheredBody): void {
    this.#bytes -= this.#bodies.get(body)?.bytes ?? 0
    this.#bodies.delete(body)
  }

  #tooMany(): AetherError {
    return new AetherError(
      'overloaded',
      `bodies that come slowly hold ${this.#maxBytes} bytes together, and this one began first: send it again`,
    )
  }
}
