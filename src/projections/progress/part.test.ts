import { expect, test } from 'vitest'
import { partOf } from './part.ts'

test('an actor stays in its part for ever, as progress is stored by part', () => {
  const ids = ['order-1', 'order-42', 'account-alice', 'item-é', 'item-\u{1f600}']
  expect(ids.map((id) => partOf(id, 8))).toEqual([5, 6, 3, 7, 2])
  expect(ids.map((id) => partOf(id, 1_000))).toEqual([637, 862, 763, 399, 602])
})
