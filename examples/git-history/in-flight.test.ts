import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { InFlight } from './in-flight.ts'

describe('what is in flight', () => {
  test('is never more than allowed, and all is waited for', async () => {
    const inFlight = new InFlight(2)
    const waiting = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const started: number[] = []
    const all = (async () => {
      for (const [index, { promise }] of waiting.entries()) {
        await inFlight.room()
        started.push(index)
        void inFlight.watch(promise)
      }
      await inFlight.settled()
    })()
    await setImmediate()
    expect(started).toEqual([0, 1])
    waiting[1]?.resolve()
    await setImmediate()
    expect(started).toEqual([0, 1, 2])
    for (const { resolve } of waiting) resolve()
    await all
  })

  test('ends with the first failure', async () => {
    const inFlight = new InFlight(2)
    const [first, second] = [new Error('first'), new Error('second')]
    for (const error of [first, second]) inFlight.watch(Promise.reject(error)).catch(() => {})
    await expect(inFlight.settled()).rejects.toBe(first)
    await expect(inFlight.room()).rejects.toBe(first)
  })
})
