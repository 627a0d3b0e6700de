import { fc } from '../../test/support/fast-check.ts'
import { describe, expect, test } from 'vitest'
import { anyKey } from '../../test/support/arbitrary-commits.ts'
import {
  actorId,
  checkActorId,
  decodeActorId,
  decodeKey,
  encodeKey,
  parseActorId,
} from './actor-id.ts'

describe('encoding of keys', () => {
  test('gives every key back', () => {
    fc.assert(
      fc.property(anyKey, (text) => decodeKey(encodeKey(text)) === text),
      { numRuns: 2_000 },
    )
  })

  test('never spells two keys alike', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => (a === b) === (encodeKey(a) === encodeKey(b))),
      { numRuns: 2_000 },
    )
  })

  test('uses only characters that subjects, NATS keys and columns take', () => {
    fc.assert(fc.property(anyKey, (text) => /^[A-Za-z0-9_/=-]+$/.test(encodeKey(text))))
  })

  test('leaves plain keys as they are, so that they can be read', () => {
    expect(encodeKey('order-123_A/b')).toBe('order-123_A/b')
    expect(encodeKey('a.b c')).toBe('a=2Eb=20c')
    expect(encodeKey('é')).toBe('=C3=A9')
  })

  test('takes a text for a spelling only if it is the one of its key', () => {
    const almost = fc.string({ unit: fc.constantFrom('a', '=', '4', '1', 'C', '3', 'A', '9', '.') })
    fc.assert(
      fc.property(fc.oneof(almost, fc.string({ unit: 'binary' })), (text) => {
        let found: string
        try {
          found = decodeKey(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-actor-id' })
          return
        }
        expect(encodeKey(found)).toBe(text)
      }),
      { numRuns: 3_000 },
    )
  })

  test.each(['=2e', '=41', '=', '=2', '=ZZ', 'a.b', '=C3', '=ED=A0=80', '==', '=2E='])(
    'refuses %j, which no key is spelled like',
    (spelling) => {
      expect(() => decodeKey(spelling)).toThrow(
        expect.objectContaining({ code: 'invalid-actor-id' }),
      )
    },
  )
})

describe('actor ids', () => {
  test('are split at the first dash', () => {
    expect(parseActorId('order-a-b')).toEqual({ type: 'order', key: 'a-b' })
    expect(parseActorId('order--')).toEqual({ type: 'order', key: '-' })
  })

  test('survive being made and parsed', () => {
    fc.assert(fc.property(anyKey, (text) => parseActorId(actorId('t', text)).key === text))
  })

  test('any text is one, or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          const { type, key } = parseActorId(text)
          expect(actorId(type, key)).toBe(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-actor-id' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test.each(['', ' ', '1a', 'a.b', 'a b', 'ä', 'x'.repeat(65), 'a-b'])(
    'refuse the type %j',
    (type) => {
      expect(() => actorId(type, 'k')).toThrow(
        expect.objectContaining({ code: 'invalid-actor-id' }),
      )
    },
  )

  test.each([
    ['empty', ''],
    ['a lone high surrogate', '\ud800'],
    ['holding a lone low surrogate', 'a\udfffb'],
    ['201 bytes long', 'x'.repeat(201)],
    ['101 letters of two bytes', 'é'.repeat(101)],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('refuse a key that is %s', (_label, text) => {
    expect(() => actorId('thing', text)).toThrow(
      expect.objectContaining({ code: 'invalid-actor-id' }),
    )
  })

  test('take a key of exactly 200 bytes', () => {
    expect(actorId('t', 'x'.repeat(200))).toHaveLength(202)
    expect(parseActorId(`t-${'é'.repeat(100)}`).key).toHaveLength(100)
  })

  test('are read as they are spelled, and nothing else is taken for one', () => {
    const type = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_]{0,3}$/), fc.constantFrom(...longTypes))
    const key = fc.oneof(
      fc.stringMatching(/^[a-z/=41.-]{0,4}$/),
      anyKey.map(encodeKey),
      fc.constantFrom('x'.repeat(200), 'x'.repeat(201), 'a\n'),
    )
    fc.assert(
      fc.property(type, fc.constantFrom('-', '', '\n-'), key, (...parts) => {
        const spelling = parts.join('')
        const id = orRefused(() => {
          const text = decodeKey(spelling)
          parseActorId(text)
          return text
        })
        expect(orRefused(() => decodeActorId(spelling))).toBe(id)
      }),
      { numRuns: 2_000 },
    )
  })
})

const longTypes = ['t'.repeat(64), 't'.repeat(65)]

function orRefused(read: () => string): string | undefined {
  try {
    return read()
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-actor-id' })
    return undefined
  }
}

describe('checkActorId', () => {
  test.each([
    ['order'],
    ['-key'],
    ['order-'],
    ['1order-key'],
    ['order-\ud800'],
    [`order-${'x'.repeat(201)}`],
    [`${'t'.repeat(65)}-key`],
    [undefined],
    [['order-1']],
  ])('refuses %j, as parseActorId does', (id) => {
    const refusal = expect.objectContaining({ code: 'invalid-actor-id' }) as Error
    expect(() => checkActorId(id as string)).toThrow(refusal)
    expect(() => parseActorId(id as string)).toThrow(refusal)
  })

  test.each([['order-1'], ['order--'], ['o_1-a b/c'], ['order-é'], [`t-${'x'.repeat(200)}`]])(
    'takes %j',
    (id) => {
      expect(() => checkActorId(id)).not.toThrow()
    },
  )
})
