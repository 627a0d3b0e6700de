import { checkActor, given } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Order } from './order.ts'

const lines = [{ product: 'lamp', count: 2, price: 4_900 }]
const placed = given(Order, (on) => on.Placed({ lines, total: 9_800 }))

describe('an order', () => {
  test('is placed once, with what it costs', () => {
    given(Order)
      .when('place', { lines })
      .then((on) => on.Placed({ lines, total: 9_800 }))
      .when('place', { lines })
      .thenRejected('order-exists')
  })

  test('is paid once, with what it costs', () => {
    placed
      .when('pay', { payment: 'p', cents: 9_800 })
      .then((on) => on.Paid({ payment: 'p' }))
      .when('pay', { payment: 'q', cents: 9_800 })
      .thenRejected('order-is-paid')
    placed.when('pay', { payment: 'p', cents: 1 }).thenRejected('wrong-amount', { total: 9_800 })
    given(Order).when('pay', { payment: 'p', cents: 0 }).thenRejected('order-is-new')
  })

  test('is cancelled as long as it is not paid', () => {
    placed
      .when('cancel', { reason: 'x' })
      .then((on) => on.Cancelled({ reason: 'x' }))
      .when('cancel', { reason: 'x' })
      .thenRejected('order-is-cancelled')
    placed
      .when('pay', { payment: 'p', cents: 9_800 })
      .when('cancel', { reason: 'x' })
      .thenRejected('order-is-paid')
  })

  test('expires where it is unpaid, and nothing happens where a reminder comes too late', () => {
    placed
      .when('expire')
      .then((on) => on.Cancelled({ reason: 'unpaid' }))
      .thenReply('cancelled')
      .when('expire')
      .thenNothing()
    placed.when('pay', { payment: 'p', cents: 9_800 }).when('expire').thenNothing()
  })

  test('has what every actor must have', () => {
    expect(checkActor(Order).untriedCommands).toEqual([])
  })
})
