import { fc } from '../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { RecentMap } from './recent-map.ts'

const keys = [0, 1, 2, 3, 4, 5, 6]
const key = fc.constantFrom(...keys)
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }),
    fc.record({ kind: fc.constantFrom('use' as const, 'delete' as const), key }),
  ),
  { maxLength: 60 },
)

test('it remembers half as many as it may at least, what was set or used last, and never what was before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 }), steps, (capacity, steps) => {
      const recent = new RecentMap<number, number>(capacity)
      /** All that was ever set, youngest last; what was deleted keeps its place, without a value. */
      const all = new Map<number, number | undefined>()
      for (const step of steps) {
        const value = step.kind === 'set' ? step.value : all.get(step.key)
        const isKnown = recent.get(step.key) !== undefined
        if (step.kind === 'set') recent.set(step.key, step.value)
        else if (step.kind === 'delete') recent.delete(step.key)
        else expect(recent.use(step.key)).toBe(isKnown ? value : undefined)
        if (step.kind === 'use' && !isKnown) continue
        if (step.kind !== 'delete') {
          all.delete(step.key)
          all.set(step.key, value)
        } else if (all.has(step.key)) all.set(step.key, undefined)
        const known = keys.filter((each) => recent.get(each) !== undefined)
        expect(known.length).toBeLessThanOrEqual(capacity)
        for (const each of known) expect(recent.get(each)).toBe(all.get(each))
        const youngest = [...all].toReversed().slice(0, Math.floor(capacity / 2))
        const kept = youngest.flatMap(([each, its]) => (its === undefined ? [] : [each]))
        expect(known).toEqual(expect.arrayContaining(kept))
      }
    }),
  )
})

test('what is not young, as its user knows, is added without another look', () => {
  const recent = new RecentMap<string, number>(2)
  expect(recent.use('a')).toBeUndefined()
  recent.add('a', 1)
  recent.add('b', 2)
  expect(['a', 'b'].map((each) => recent.get(each))).toEqual([1, 2])
  recent.add('c', 3)
  expect(['a', 'b', 'c'].map((each) => recent.get(each))).toEqual([undefined, 2, 3])
})
