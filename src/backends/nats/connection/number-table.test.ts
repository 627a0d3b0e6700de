import { expect, test } from 'vitest'
import { fc } from '../../../../test/support/fast-check.ts'
import { NumberTable } from './number-table.ts'

/** Many of them are given the same place: those that are next to each other, and those a capacity apart. */
const anyNumber = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 40 }).map((times) => times * 64),
  fc.integer({ min: 2 ** 31 - 20, max: 2 ** 31 + 20 }),
  fc.integer({ min: Number.MAX_SAFE_INTEGER - 20, max: Number.MAX_SAFE_INTEGER }),
)
const anySteps = fc.array(fc.record({ number: anyNumber, isSet: fc.boolean() }), {
  size: 'large',
  maxLength: 1_000,
})

test('gives what a Map gives, whatever comes and goes', () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const table = new NumberTable<number>()
      const map = new Map<number, number>()
      for (const [step, { number, isSet }] of steps.entries()) {
        if (isSet) table.set(number, step)
        else expect(table.delete(number)).toBe(map.delete(number))
        if (isSet) map.set(number, step)
        expect(table.size).toBe(map.size)
      }
      for (const { number } of steps) expect(table.get(number)).toBe(map.get(number))
      expect(new Map(table.entries())).toEqual(map)
    }),
  )
})

test('has nothing under what is no number of an entry', () => {
  const table = new NumberTable<string>()
  for (let number = 1; number <= 64; number++) table.set(number, 'something')
  expect([0, NaN, Infinity, 0.5, -1].map((number) => table.get(number))).toEqual(
    Array(5).fill(undefined),
  )
})
