import { expect, test } from 'vitest'
import { LongWork } from './long-work.ts'

test('of many that work for long, one goes on in each turn of the event loop', async () => {
  let turn = 0
  const ticking = { isOver: false }
  const tick = (): void => {
    turn++
    if (!ticking.isOver) setImmediate(tick)
  }
  setImmediate(tick)
  const wentOnIn: number[] = []
  const work = async (): Promise<void> => {
    const long = new LongWork()
    for (let steps = 3; steps > 0; steps--) {
      spin(11)
      await long.pause()
      wentOnIn.push(turn)
    }
  }
  await Promise.all(Array.from({ length: 10 }, work))
  ticking.isOver = true
  expect(wentOnIn).toHaveLength(30)
  expect(new Set(wentOnIn).size).toBe(30)
})

/** Keeps the processor busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
