import { assert, integer, property } from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { maxEventsPerMessage, positionOf, sequenceAt } from './event-position.ts'

const anySequence = integer({ min: 1, max: 2 ** 43 - 1 })
const anyIndex = integer({ min: 0, max: maxEventsPerMessage - 1 })

test('a position says its message, and is a number that is exact', () => {
  assert(
    property(anySequence, anyIndex, (sequence, index) => {
      const position = positionOf(sequence, index)
      expect(Number.isSafeInteger(position)).toBe(true)
      expect(sequenceAt(position)).toBe(sequence)
    }),
  )
})

test('positions are in the order of the stream, and in that of the message', () => {
  assert(
    property(anySequence, anyIndex, anySequence, anyIndex, (s1, i1, s2, i2) => {
      const order = Math.sign(positionOf(s1, i1) - positionOf(s2, i2))
      expect(order).toBe(Math.sign(s1 - s2) || Math.sign(i1 - i2))
    }),
  )
})
