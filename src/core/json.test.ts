import { fc } from '../../test/support/fast-check.ts'
import { describe, expect, test } from 'vitest'
import { anyJson } from '../../test/support/arbitrary-commits.ts'
import { checkJson, freezeJson, parseJson, toJson } from './json.ts'

const refused = (code: string): unknown => expect.objectContaining({ code })

describe('toJson', () => {
  test('what it accepts comes back from JSON identical', () => {
    const anything = fc.anything({
      withDate: true,
      withMap: true,
      withBigInt: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        let accepted: unknown
        try {
          accepted = toJson(value)
        } catch (error) {
          expect(error).toHaveProperty('code')
          return
        }
        expect(JSON.parse(JSON.stringify(accepted))).toStrictEqual(accepted)
      }),
      { numRuns: 2_000 },
    )
  })

  test('gives a frozen copy, whatever happens to the original', () => {
    const value = { list: [1, { deep: null }], text: 'x' }
    const json = toJson(value) as typeof value
    expect(json).toStrictEqual(value)
    value.list.push(2)
    expect(json.list).toHaveLength(2)
    expect(() => json.list.push(3)).toThrow(TypeError)
    expect(Object.isFrozen(json.list[1])).toBe(true)
    expect(Object.getPrototypeOf(toJson(Object.create(null)))).toBe(Object.prototype)
  })

  test('leaves out undefined members and the sign of zero, in a copy', () => {
    const value = { gone: undefined, list: [{ gone: undefined }], zero: -0 }
    const json = toJson(value)
    expect(Object.keys(json as object)).toEqual(['list', 'zero'])
    expect(json).toEqual({ list: [{}], zero: 0 })
    expect(Object.is((json as { zero: number }).zero, 0)).toBe(true)
    expect(Object.keys(value)).toEqual(['gone', 'list', 'zero'])
  })

  test('names the place of what JSON can not hold', () => {
    const value = { orders: [{ at: 1 }, { at: new Date(0) }] }
    expect(() => toJson(value)).toThrow('an instance of Date at $.orders.1.at')
  })

  test.each([
    [undefined],
    [[undefined]],
    [Number.NaN],
    [[Infinity]],
    [1n],
    [() => 1],
    [Symbol('s')],
    [new Map()],
    [new (class Money {})()],
    [{ toJSON: () => 1 }],
  ])('refuses %s', (value) => {
    expect(() => toJson(value)).toThrow(refused('invalid-json'))
  })

  test('bounds the depth, also of what contains itself', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(toJson(nested(64))).toEqual(nested(64))
    expect(() => toJson(nested(65))).toThrow(refused('too-large'))
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(() => toJson(cyclic)).toThrow(refused('too-large'))
    expect(() => toJson(cyclic)).toThrow('contains itself')
  })
})

describe('freezeJson', () => {
  test('freezes all that is inside, and keeps undefined members', () => {
    const value = { list: [{ n: 1 }], gone: undefined }
    freezeJson(value)
    expect(Object.isFrozen(value.list[0])).toBe(true)
    expect(Object.keys(value)).toEqual(['list', 'gone'])
  })

  test('refuses what could not be shown as JSON', () => {
    for (const wrong of [undefined, Number.NaN, 1n, new Map(), { a: [new Date()] }, [undefined]]) {
      expect(() => freezeJson(wrong)).toThrow(refused('invalid-json'))
    }
  })

  test('does not look again into what is frozen', () => {
    const big = Array.from({ length: 100 }, (_, n) => ({ n }))
    freezeJson(big)
    freezeJson({ big }, { maxValues: 2 })
    expect(() => freezeJson({ big: [...big] }, { maxValues: 50 })).toThrow(refused('too-large'))
  })
})

test('a value that contains another many times over is bounded', () => {
  let value: unknown = 1
  for (let level = 0; level < 40; level++) value = [value, value]
  expect(() => toJson(value)).toThrow(refused('too-large'))
})

describe('parseJson', () => {
  test.each([
    '{"constructor":{"prototype":{"x":1}}}',
    '{"then":"y","toJSON":"x"}',
    '{"$type":"System.Object"}',
    '"\\ud800"',
    '1e21',
    '9007199254740991',
    '9007199254740994',
    '123456789012345680000',
    '-18446744073709552000',
    '0.1',
    '1e-400',
  ])('takes %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  test('gives back whatever was made text', () => {
    fc.assert(
      fc.property(anyJson, (json) => {
        const text = JSON.stringify(json)
        fc.pre(!/\d{16}/.test(text)) // digits that a number doesn't have exactly are refused
        expect(parseJson(text)).toStrictEqual(json)
      }),
      { numRuns: 1_000 },
    )
  })

  test('any text is JSON that JSON.parse takes as well, or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        try {
          expect(parseJson(text)).toEqual(toJson(JSON.parse(text)))
        } catch (error) {
          expect(['invalid-json', 'too-large']).toContain((error as { code: string }).code)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('takes the last of two members of one name, as JSON.parse does', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
  })

  test.each([
    '',
    '{',
    '[NaN]',
    '\ufeff{}',
    '{"n":9007199254740993}',
    '[-9007199254740993]',
    '123456789012345678901',
    '{"n":-0,"m":1e400}',
    '{"__proto__":{"isAdmin":true}}',
    '{"a":[{"__proto__":1}]}',
  ])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(refused('invalid-json'))
    expect({}).not.toHaveProperty('isAdmin')
  })

  test('refuses 100,000 brackets without falling over', () => {
    expect(() => parseJson('['.repeat(100_000) + ']'.repeat(100_000))).toThrow(refused('too-large'))
  })
})

describe('checkJson', () => {
  const outcomeOf = (
    check: (value: unknown, bounds?: object) => unknown,
    value: unknown,
  ): unknown => {
    try {
      check(value, { maxDepth: 3, maxValues: 12 })
      return 'accepted'
    } catch (error) {
      return (error as Error).message
    }
  }

  test('refuses what toJson refuses, and nothing else', () => {
    const anything = fc.anything({
      withDate: true,
      withMap: true,
      withBigInt: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(fc.oneof(anything, anyJson), (value) => {
        expect(outcomeOf(checkJson, value)).toBe(outcomeOf(toJson, value))
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['a key named __proto__', JSON.parse('{"a":{"__proto__":1}}')],
    ['a class instance', { at: new Date() }],
    ['itself', selfish()],
  ])('refuses %s', (_, value) => {
    expect(() => checkJson(value)).toThrow(refused(_ === 'itself' ? 'too-large' : 'invalid-json'))
  })

  test('leaves the value as it is', () => {
    const value = { list: [1], gone: undefined }
    checkJson(value)
    expect(Object.isFrozen(value)).toBe(false)
    expect(Object.hasOwn(value, 'gone')).toBe(true)
  })
})

function selfish(): unknown {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}
