import { fc } from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { BusSubjects } from './bus-subjects.ts'

const subjects = new BusSubjects('prod')
const part = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed())
const address = fc.array(part, { minLength: 1, maxLength: 6 })

test('the subject of an address is one token a part', () => {
  expect(subjects.of(['message', 'Order placed.', '-', 'shop', '*'])).toBe(
    'aether.prod.bus.message.Order=20placed=2E.-.shop.=2A',
  )
})

test('two addresses never share a subject', () => {
  fc.assert(
    fc.property(address, address, (one, two) => {
      expect(subjects.of(one) === subjects.of(two)).toBe(
        JSON.stringify(one) === JSON.stringify(two),
      )
    }),
  )
})

test('a subject has as many tokens as the address has parts, and no wildcard', () => {
  fc.assert(
    fc.property(address, (parts) => {
      const subject = subjects.of(parts)
      expect(subject.slice('aether.prod.bus.'.length).split('.')).toHaveLength(parts.length)
      expect(subject).not.toMatch(/[*>\s]/)
      expect(subjects.has(subject)).toBe(true)
    }),
  )
})

test('a pattern has wildcards where any part stands', () => {
  expect(subjects.matching({ parts: ['message', undefined, '>'], isOpen: false })).toBe(
    'aether.prod.bus.message.*.=3E',
  )
  expect(subjects.matching({ parts: ['message', '*'], isOpen: true })).toBe(
    'aether.prod.bus.message.=2A.>',
  )
})

test("a namespace's subjects are not those of another", () => {
  expect(subjects.has('aether.prod2.bus.message.a')).toBe(false)
  expect(subjects.has('aether.prod.event.a.b')).toBe(false)
})
