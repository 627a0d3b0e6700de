import { fc } from '../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { parseJsonText } from './json-text.ts'

test('a key with an escape is not taken for another one that was parsed before', () => {
  for (const key of ['\\', '"', '\n', '\u0001', 'a\\', 'a"', '\uE000', '\uE0000', '__proto__\\']) {
    for (const before of ['\\', '"', 'a\\', 'a\n']) {
      parseJsonText(JSON.stringify({ e: 1, [before]: 1 }))
      const text = JSON.stringify({ e: 1, [key]: { [key]: [{ e: 1, [key]: key }] } })
      expect(JSON.stringify(parseJsonText(text))).toBe(text)
      const spaced = text.replaceAll('":', '" \n\t:')
      expect(JSON.stringify(parseJsonText(spaced))).toBe(text)
    }
  }
})

test('whatever JSON says comes back', () => {
  const keys = fc.string({ unit: fc.constantFrom('a', '\\', '"', '\n', ':', '\uE000', '{', '0') })
  const values = fc
    .jsonValue()
    .chain((leaf) => fc.object({ key: keys, values: [fc.constant(leaf), keys], maxDepth: 3 }))
  fc.assert(
    fc.property(values, fc.constantFrom(0, 2), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces)
      expect(JSON.stringify(parseJsonText(text), null, spaces)).toBe(text)
    }),
    { numRuns: 300 },
  )
})

test('what is not JSON is refused as by JSON.parse', () => {
  for (const text of ['{"a\\":1}', '"\\', '{"\\q":1}', '{"a\\"b":}', '\\', '{"\\u12":1}'])
    expect(() => parseJsonText(text)).toThrow(SyntaxError)
})

test('a reviver sees the values and their sources', () => {
  const sources: unknown[] = []
  parseJsonText('{"a\\n":[1.50,"x"]}', (_key, value, { source }) => {
    sources.push(source)
    return value
  })
  expect(sources).toEqual(['1.50', '"x"', undefined, undefined])
})

test('what was made to take long is refused or read as soon as anything else', () => {
  for (const text of [
    `"${'\\"'.repeat(300_000)}`,
    `\\${'"'.repeat(300_001)}`,
    `["${'\\\\'.repeat(300_000)}\\`,
    `"${'\\n"'.repeat(300_000)}`,
    `"\\n${'a'.repeat(300_000)}`,
    `"\\n"${' '.repeat(300_000)}`.repeat(2),
  ])
    expect(() => parseJsonText(text)).toThrow(SyntaxError)
  const value = { 'a\n': `\uE000${'\uE001'.repeat(300_000)}` }
  expect(parseJsonText(JSON.stringify(value))).toEqual(value)
})

test('keys that look as if they were marked are themselves', () => {
  const names = ['\uE000', '\uE0000', '\uE0000\uE0010', '\uE0001\uE0010', '\uE00000\uE0010']
  const text = JSON.stringify(
    Object.fromEntries([...names, 'a\n', 'b\n'].map((name) => [name, name])),
  )
  expect(JSON.stringify(parseJsonText(text))).toBe(text)
})

test('a long text is read, also with an escape in it', () => {
  const text = `${'a'.repeat(20_000_000)}\n`
  expect(parseJsonText(JSON.stringify({ text })) as object).toEqual({ text })
})
