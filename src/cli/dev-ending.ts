import { type Clock, systemClock } from '../core/index.ts'
import { exitCode } from './exit-code.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

/** A terminal sends a signal to the whole group, and npm passes its own on: both mean the same one. */
const oneSignalMs = 1_000

/**
 * Waits for the signal that ends a process which runs for long, from its beginning on, so that it closes
 * in good order whenever the signal comes: what closes for longer than `closeMs`, or is told to end once
 * more, is ended as it is.
 */
export class DevEnding implements Disposable {
  /** Aborts when it is to end. */
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #over = new AbortController()
  readonly #clock: Clock = systemClock
  readonly #closeMs: number
  #sinceMs: number | undefined

  /** @param closeMs how long closing may take, in milliseconds */
  constructor(closeMs: number) {
    this.signal = this.#controller.signal
    this.#closeMs = closeMs
    for (const name of signals) process.on(name, this.#onSignal)
  }

  /** Resolves when it is to end. */
  async asked(): Promise<void> {
    if (this.signal.aborted) return
    await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }))
  }

  /** All is closed. What else of the same signal comes before the process has ended must not kill it. */
  [Symbol.dispose](): void {
    this.#over.abort()
  }

  readonly #onSignal = (): void => {
    const now = this.#clock.monotonic()
    this.#sinceMs ??= now
    if (this.signal.aborted) {
      if (now >= this.#sinceMs + oneSignalMs) giveUp('it was told to end once more')
      return
    }
    this.#controller.abort()
    const tooLate = this.#clock.sleep(this.#closeMs, this.#over.signal)
    const message = `it did not close within ${this.#closeMs / 1_000} s`
    tooLate.then(() => giveUp(message)).catch(() => undefined)
  }
}

/** Nothing that was acknowledged is lost: it is as if the process had been killed. */
function giveUp(why: string): never {
  console.error(`aether: ${why}, and ends with work under way; others take it over`)
  process.exit(exitCode.failed)
}
