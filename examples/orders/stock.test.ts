import { checkActor, given } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Stock } from './stock.ts'

describe('the stock of a product', () => {
  const reserved = given(Stock, (on) => [
    on.Received({ count: 5 }),
    on.Reserved({ order: 'o', count: 2 }),
  ])

  test('puts aside what is there, and not more', () => {
    reserved
      .when('reserve', { order: 'p', count: 3 })
      .then((on) => on.Reserved({ order: 'p', count: 3 }))
      .when('reserve', { order: 'q', count: 1 })
      .thenRejected('out-of-stock', { available: 0 })
  })

  test('ships what was put aside, once', () => {
    reserved
      .when('ship', { order: 'o' })
      .thenState({ onHand: 3, reserved: {} })
      .when('ship', { order: 'o' })
      .thenRejected('not-reserved')
  })

  test('releases what was put aside, and nothing the second time', () => {
    reserved
      .when('release', { order: 'o' })
      .then((on) => on.Released({ order: 'o' }))
      .thenState({ onHand: 5, reserved: {} })
      .when('release', { order: 'o' })
      .thenNothing()
  })

  test('has what every actor must have', () => {
    expect(checkActor(Stock).untriedCommands).toEqual([])
  })
})
