import { expect, test } from 'vitest'
import { UnderWay } from './under-way.ts'

/** Whether it is told that nothing is under way, without anything else happening. */
async function isIdle(underWay: UnderWay): Promise<boolean> {
  let idle = false
  void underWay.none().then(() => (idle = true))
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  return idle
}

test('where nothing was begun, nothing is under way', async () => {
  expect(await isIdle(new UnderWay())).toBe(true)
})

test('what was begun is under way until each has ended', async () => {
  const underWay = new UnderWay()
  underWay.begin()
  underWay.begin()
  expect(await isIdle(underWay)).toBe(false)
  underWay.end()
  expect(await isIdle(underWay)).toBe(false)
  underWay.end()
  expect(await isIdle(underWay)).toBe(true)
})

test('everybody who waits is told, unless something has begun meanwhile', async () => {
  const underWay = new UnderWay()
  const told: string[] = []
  underWay.begin()
  const waiting = ['a', 'b'].map((name) => underWay.none().then(() => told.push(name)))
  underWay.end()
  underWay.begin()
  expect(await isIdle(underWay)).toBe(false)
  expect(told).toEqual([])
  underWay.end()
  await Promise.all(waiting)
  expect(told).toEqual(['a', 'b'])
})

test('work is under way until it settles, also where it fails', async () => {
  const underWay = new UnderWay()
  const [kept, broken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  underWay.enter(kept.promise)
  underWay.enter(broken.promise)
  kept.resolve()
  expect(await isIdle(underWay)).toBe(false)
  broken.reject(new Error('it is broken'))
  expect(await isIdle(underWay)).toBe(true)
})
