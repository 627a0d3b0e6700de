import { fc } from '../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { RecentMap } from './recent-map.ts'

const key = fc.integer({ min: 0, max: 6 })
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }),
    fc.record({ kind: fc.constant('delete' as const), key }),
  ),
  { maxLength: 60 },
)

test('it remembers what was set last, whatever was set again or deleted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), steps, (capacity, steps) => {
      const recent = new RecentMap<number, number>(capacity)
      /** The simplest thing that does the same: youngest last. */
      let model: (readonly [key: number, value: number])[] = []
      for (const step of steps) {
        model = model.filter(([key]) => key !== step.key)
        if (step.kind === 'delete') recent.delete(step.key)
        else {
          recent.set(step.key, step.value)
          model = [...model, [step.key, step.value] as const]
          model = model.slice(Math.max(0, model.length - capacity))
        }
        const known = new Map(model)
        for (let each = 0; each <= 6; each++) expect(recent.get(each)).toBe(known.get(each))
      }
    }),
  )
})
