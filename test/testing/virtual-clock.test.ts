import { VirtualClock } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { LongWork, Promptness } from '../../src/core/index.ts'

describe('a virtual clock', () => {
  test('goes on only when it is told to', async () => {
    const clock = new VirtualClock(1_000)
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0])
    await clock.advance(500)
    expect([clock.now(), clock.monotonic()]).toEqual([1_500, 500])
    expect(new Date(new VirtualClock().now()).toISOString()).toBe('2026-01-01T00:00:00.000Z')
  })

  test('wakes sleepers at their times, and what they do next is done before the others', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    const note = (what: string) => () => void seen.push(`${what} ${clock.now()}`)
    void clock
      .sleep(10)
      .then(note('a'))
      .then(() => clock.sleep(5))
      .then(note('a again'))
    void clock.sleep(20).then(note('b'))
    void clock.sleep(20).then(note('c'))
    void clock.sleep(31).then(note('late'))
    await clock.advance(30)
    expect(seen).toEqual(['a 10', 'a again 15', 'b 20', 'c 20'])
    expect(clock.now()).toBe(30)
  })

  test('waits for what took long by the clock on the wall, and lets others have their turn', async () => {
    const clock = new VirtualClock(0)
    const seen: string[] = []
    void clock.sleep(10).then(async () => {
      const work = new LongWork()
      for (let step = 1; step <= 3; step++) {
        spin(11)
        await work.pause()
        seen.push(`step ${step}`)
      }
    })
    const promptness = new Promptness()
    void clock.sleep(20).then(() => {
      promptness.soon(() => {
        spin(11)
        promptness.soon(() => seen.push('later'))
      })
    })
    await clock.advance(10)
    expect(seen).toEqual(['step 1', 'step 2', 'step 3'])
    await clock.advance(10)
    expect(seen.at(-1)).toBe('later')
  })

  test('ticks until it is disposed of, also by a tick itself', async () => {
    const clock = new VirtualClock(0)
    const seen: number[] = []
    const ticking = clock.every(10, () => {
      seen.push(clock.now())
      if (seen.length === 3) ticking[Symbol.dispose]()
    })
    await clock.advance(100)
    expect(seen).toEqual([10, 20, 30])
  })

  test('ticks once for the time that was blocked', async () => {
    const clock = new VirtualClock(0)
    const seen: number[] = []
    using _ticking = clock.every(10, () => seen.push(clock.now()))
    clock.block(35)
    expect([seen, clock.now()]).toEqual([[], 35])
    await clock.advance(10)
    expect(seen).toEqual([35, 45])
  })

  test('lets a sleeper go when its signal aborts', async () => {
    const clock = new VirtualClock()
    const aborter = new AbortController()
    const sleeping = clock.sleep(10, aborter.signal)
    aborter.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
    await expect(clock.sleep(10, aborter.signal)).rejects.toThrow('enough')
    await clock.advance(10)
  })

  test('rejects with what a tick throws, and can go on', async () => {
    const clock = new VirtualClock(0)
    const ticking = clock.every(10, () => {
      throw new Error('tock')
    })
    await expect(clock.advance(25)).rejects.toThrow('tock')
    ticking[Symbol.dispose]()
    await clock.advance(10)
    expect(clock.now()).toBe(20)
  })

  test('refuses to go back, and to go on twice at once', async () => {
    const clock = new VirtualClock()
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
    expect(() => clock.every(0, () => undefined)).toThrow(RangeError)
    const first = clock.advance(1)
    await expect(clock.advance(1)).rejects.toThrow('await advance()')
    await first
  })
})

/** Keeps the processor busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
