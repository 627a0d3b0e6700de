import { fc } from '../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { startOf } from './subscription.ts'

test('every position is a checkpoint that says it', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (position) => {
      expect(startOf(String(position))).toBe(position)
    }),
  )
})

test('any other text is refused', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) + 1n }).map(String),
    fc.nat().chain((n) => fc.constantFrom(` ${n}`, `${n} `, `-${n}`, `+${n}`, `${n}.0`, `0x${n}`)),
  )
  fc.assert(
    fc.property(
      anyText.filter((text) => !/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))),
      (text) => {
        expect(() => startOf(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
      },
    ),
  )
})
