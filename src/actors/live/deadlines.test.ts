import { expect, test } from 'vitest'
import { VirtualClock } from '../../testing/index.ts'
import { Deadlines, notWaiting, type Timed } from './deadlines.ts'

/** Counts how often it ticks for somebody. */
class WatchedClock extends VirtualClock {
  ticks = 0

  override every(ms: number, task: () => void): Disposable {
    return super.every(ms, () => {
      this.ticks++
      task()
    })
  }
}

const clock = new WatchedClock()
const deadlines = new Deadlines(clock)
const expired: string[] = []

function timed(name: string, inMs: number): Timed {
  const deadline = clock.monotonic() + inMs
  return { deadline, place: notWaiting, expire: () => void expired.push(name) }
}

test('whose time is up is told once, soon; who was removed is not, and then the clock rests', async () => {
  const [soon, done, late] = [timed('soon', 100), timed('done', 100), timed('late', 1_000)]
  for (const each of [soon, done, late]) deadlines.add(each)
  await clock.advance(99)
  deadlines.remove(done)
  expect(expired).toEqual([])
  await clock.advance(51)
  expect(expired).toEqual(['soon'])
  await clock.advance(10_000)
  expect(expired).toEqual(['soon', 'late'])

  const ticks = clock.ticks
  await clock.advance(10_000)
  expect(clock.ticks).toBe(ticks)
  const last = timed('last', 100)
  deadlines.add(last)
  deadlines.remove(last)
  await clock.advance(10_000)
  expect(expired).toEqual(['soon', 'late'])
  expect(clock.ticks).toBe(ticks + 1)
})

test('whose wait is ended by another whose time is up is not told', async () => {
  const second = timed('second', 100)
  const first = { ...timed('first', 100), expire: () => deadlines.remove(second) }
  const third = timed('third', 100)
  for (const each of [first, second, third]) deadlines.add(each)
  await clock.advance(200)
  expect(expired.slice(2)).toEqual(['third'])
})
