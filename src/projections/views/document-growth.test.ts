import { describe, expect, test } from 'vitest'
import { AetherError } from '../../core/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import { DocumentGrowth } from './document-growth.ts'
import type { ViewDocument } from './view-document.ts'

const error = new AetherError('too-large', 'it is')

function event(id: number): HandledEvent {
  return { id: String(id) } as unknown as HandledEvent
}

/** Which event is refused of those after each of which the document has a size. */
function refused(sizes: readonly number[], most: number): readonly number[] {
  const growth = new DocumentGrowth()
  for (const [id, size] of sizes.entries()) growth.add(event(id), { state: size, seen: {} })
  growth.refuse(({ state }) => (state as number) <= most, error)
  return [...sizes.keys()].filter((id) => {
    try {
      growth.check(event(id))
      return false
    } catch (thrown) {
      expect(thrown).toBe(error)
      return true
    }
  })
}

describe('of the events that make a document too large, one is refused', () => {
  test.each([
    [[5], 4, 0],
    [[1, 5], 4, 1],
    [[5, 5, 5], 4, 0],
    [[1, 2, 3, 4, 5, 6, 7, 8], 4, 4],
    [[1, 2, 3, 4, 5, 6, 7, 8], 7, 7],
  ])('of the sizes %j, with at most %i, the one at %i', (sizes, most, index) => {
    expect(refused(sizes, most)).toEqual([index])
  })

  test('also where it was smaller in between: one that made it so', () => {
    const [index = -1] = refused([1, 9, 1, 1, 9, 9, 9], 4)
    expect([1, 4]).toContain(index)
  })

  test('what is seen later is not counted', () => {
    const growth = new DocumentGrowth()
    const seen: Record<string, readonly [number, number]> = { 'a-1': [1, 1] }
    const document: ViewDocument = { seen }
    growth.add(event(1), document)
    seen['a-2'] = [1, 2]
    growth.add(event(2), document)
    growth.refuse((each) => Object.keys(each.seen).length < 2, error)
    expect(() => growth.check(event(1))).not.toThrow()
    expect(() => growth.check(event(2))).toThrow(error)
  })
})
