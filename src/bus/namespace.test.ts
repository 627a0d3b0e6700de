import { fc } from '../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { NamespacePattern } from './namespace.ts'

const part = fc.constantFrom('a', 'b', 'a-b', 'A_1')
const namespaces = fc.array(part, { minLength: 1, maxLength: 5 })

test('a pattern matches what the same one as a regular expression matches', () => {
  const patterns = fc.tuple(
    fc.array(fc.oneof(part, fc.constant('*')), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  fc.assert(
    fc.property(patterns, namespaces, ([parts, isOpen], namespace) => {
      const pattern = [...parts, ...(isOpen ? ['>'] : [])].join('.')
      const spelled = parts.map((each) => (each === '*' ? '[^.]+' : each)).join('\\.')
      const expected = new RegExp(`^${spelled}${isOpen ? '\\..+' : ''}$`)
      const name = namespace.join('.')
      expect(new NamespacePattern(pattern).matches(name)).toBe(expected.test(name))
    }),
  )
})

test('> alone matches everything', () => {
  fc.assert(
    fc.property(namespaces, (parts) => {
      expect(new NamespacePattern('>').matches(parts.join('.'))).toBe(true)
    }),
  )
})
