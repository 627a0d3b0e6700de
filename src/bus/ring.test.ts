import { fc } from '../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { Ring } from './ring.ts'

test('a ring gives what an array would give', () => {
  const push = fc.nat().map((value) => (each: Ring<number> | number[]) => void each.push(value))
  const shift = fc.constant((each: Ring<number> | number[]) => each.shift())
  fc.assert(
    fc.property(fc.array(fc.oneof(push, push, shift), { maxLength: 200 }), (steps) => {
      const ring = new Ring<number>()
      const array: number[] = []
      for (const step of steps) {
        expect(step(ring)).toBe(step(array))
        expect(ring.size).toBe(array.length)
      }
      while (array.length > 0) expect(ring.shift()).toBe(array.shift())
      expect(ring.shift()).toBeUndefined()
    }),
  )
})

test('a ring that was cleared is empty, and can be used', () => {
  const ring = new Ring<number>()
  for (let value = 0; value < 9; value++) ring.push(value)
  ring.clear()
  expect(ring.size).toBe(0)
  ring.push(1)
  expect(ring.shift()).toBe(1)
})
