import { expect, test } from 'vitest'
import { isInTouch } from './in-touch.ts'

const second = 1e9

test.each([
  [true, undefined],
  [true, []],
  [true, [0.4, 0.9]],
  [true, [0.9, 30]],
  [false, [2.5, 30]],
  [true, [0.1, 1.9, 5, 5]],
  [false, [0.1, 3, 5, 5]],
])('a leader is in touch: %s, where it heard of the others %j s ago', (expected, agoSeconds) => {
  expect(isInTouch(agoSeconds?.map((ago) => ({ active: ago * second })))).toBe(expected)
})
