import { checkActor, given } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Payment } from './payment.ts'

const demand = { order: 'o', cents: 100, card: '1' }

describe('a payment', () => {
  test('is what the provider says', () => {
    given(Payment)
      .when('capture', demand, { prepared: { approved: true } })
      .then((on) => on.Captured({ order: 'o', cents: 100 }))
      .thenReply('captured')
    given(Payment)
      .when('capture', demand, { prepared: { approved: false, reason: 'no' } })
      .then((on) => on.Declined({ order: 'o', reason: 'no' }))
      .when('capture', demand, { prepared: { approved: true } })
      .thenRejected('payment-is-declined')
  })

  test('is given back once', () => {
    given(Payment, (on) => on.Captured({ order: 'o', cents: 100 }))
      .when('refund', { reason: 'x' })
      .then((on) => on.Refunded({ reason: 'x' }))
      .when('refund', { reason: 'x' })
      .thenRejected('payment-is-refunded')
  })

  test('has what every actor must have', () => {
    expect(checkActor(Payment).untriedCommands).toEqual(['capture'])
  })
})
