import { AetherError } from '../core/index.ts'
import type { Deadlines } from './deadlines.ts'

/** How long somebody waits for something that nobody has to take back. */
export interface Patience extends Disposable {
  /** Aborts when it is over: with the caller's reason, or with `timeout`. */
  readonly signal: AbortSignal
  /** The promise, or the end of patience. */
  race<T>(promise: Promise<T>): Promise<T>
}

/** Lasts until the deadline, or until the caller's signal aborts. */
export function patience(
  deadlines: Deadlines,
  deadline: number,
  signal: AbortSignal | undefined,
): Patience {
  signal?.throwIfAborted()
  const own = new AbortController()
  const lost = Promise.withResolvers<never>()
  lost.promise.catch(() => undefined)
  own.signal.addEventListener('abort', () => lost.reject(own.signal.reason), { once: true })
  const give = (): void => own.abort(signal?.reason)
  signal?.addEventListener('abort', give, { once: true })
  const timed = { deadline, expire: () => own.abort(timeout()) }
  deadlines.add(timed)
  return {
    signal: own.signal,
    race: (promise) => Promise.race([promise, lost.promise]),
    [Symbol.dispose]() {
      deadlines.remove(timed)
      signal?.removeEventListener('abort', give)
    },
  }
}

function timeout(): AetherError {
  return new AetherError('timeout', 'the command could not be started in time: it did nothing')
}
