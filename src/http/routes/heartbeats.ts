import { systemClock } from '../../core/index.ts'

/** Stands for: nothing came for a while. */
export const heartbeat: unique symbol = Symbol('heartbeat')

/**
 * What the source gives, and a heartbeat whenever it gave nothing for so long. Whoever leaves at a
 * heartbeat leaves while the source is asked: `end` has to make it answer.
 */
export async function* withHeartbeats<T>(
  source: AsyncIterable<T>,
  everyMs: number,
  end: () => void,
): AsyncGenerator<T | typeof heartbeat, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let wake = (): void => {}
  let isSilent = true
  using _timer = systemClock.every(everyMs, () => {
    if (isSilent) wake()
    isSilent = true
  })
  try {
    for (;;) {
      const asked = new Asked(iterator.next(), () => wake())
      while (!asked.isAnswered) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
        if (!asked.isAnswered) yield heartbeat
      }
      const result = await asked.answer
      if (result.done) return
      isSilent = false
      yield result.value
    }
  } finally {
    end()
    await iterator.return?.()
  }
}

/** Listened to once, however long it takes: each race with it would keep something. */
class Asked<T> {
  readonly answer: Promise<T>
  isAnswered = false

  constructor(answer: Promise<T>, tell: () => void) {
    this.answer = answer
    const settle = (): void => {
      this.isAnswered = true
      tell()
    }
    answer.then(settle, settle)
  }
}
