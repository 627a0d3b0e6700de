import { expect, test } from 'vitest'
import type { JsonValue } from '../core/index.ts'
import { ChangedStates } from './changed-states.ts'

test('states are together in which the same is other, with one as an example', () => {
  const states = new ChangedStates()
  const changed = (actorId: `${string}-${string}`, before: JsonValue, after: JsonValue) =>
    states.add({ kind: 'changed-state', actorId, version: 2, before, after })
  changed('lot-a', { bids: [1, 2] }, { bids: [2, 3], fee: 0 })
  changed('lot-b', { bids: [5] }, { bids: [6], fee: 1 })
  changed('lot-c', { bids: [5], old: 1 }, { bids: [5] })
  changed('cart-a', { n: 1 }, { n: 2 })
  expect(states.lines()).toEqual([
    'changed-state  2 actors of lot: $.bids.* is another, $.fee is new. One of them is lot-a, version 2: $.bids.0: 1 → 2, $.bids.1: 2 → 3, $.fee: nothing → 0',
    'changed-state  1 actor of lot: $.old is gone. One of them is lot-c, version 2: $.old: 1 → nothing',
    'changed-state  1 actor of cart: $.n is another. One of them is cart-a, version 2: $.n: 1 → 2',
  ])
})
