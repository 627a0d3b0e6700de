import { AetherError } from '../core/index.ts'

const maxLength = 200
const maxParts = 16
const partPattern = /^[A-Za-z0-9_-]+$/

/**
 * The parts of a namespace.
 * @throws AetherError `invalid-argument`
 */
export function namespaceParts(namespace: string): readonly string[] {
  const parts = partsOf(namespace)
  if (parts?.every((part) => partPattern.test(part))) return parts
  throw invalid('a namespace must be a name such as shop.orders', namespace)
}

/** Namespaces by name: `*` stands for any one part, `>` at the end for one or more. */
export class NamespacePattern {
  /** Those in front of a `>`; undefined stands for any. */
  readonly parts: readonly (string | undefined)[]
  /** Whether one or more parts follow. */
  readonly isOpen: boolean

  /** @throws AetherError `invalid-argument` */
  constructor(pattern: string) {
    const parts = partsOf(pattern)
    this.isOpen = parts?.at(-1) === '>'
    const named = this.isOpen ? parts?.slice(0, -1) : parts
    if (!named?.every((part) => part === '*' || partPattern.test(part)))
      throw invalid(
        'a namespace to subscribe to must be like shop.orders, shop.* or shop.>',
        pattern,
      )
    this.parts = named.map((part) => (part === '*' ? undefined : part))
  }

  matches(namespace: string): boolean {
    const { parts, isOpen } = this
    const given = namespace.split('.')
    if (isOpen ? given.length <= parts.length : given.length !== parts.length) return false
    return parts.every((part, index) => part === undefined || part === given[index])
  }
}

function partsOf(text: string): readonly string[] | undefined {
  if (typeof text !== 'string' || text.length > maxLength) return undefined
  const parts = text.split('.')
  return parts.length > maxParts ? undefined : parts
}

function invalid(rule: string, value: unknown): AetherError {
  const bounds = `parts of letters, digits, _ and -, ${maxParts} at most, of ${maxLength} characters together`
  return new AetherError('invalid-argument', `${rule}, not ${JSON.stringify(value)}: ${bounds}`)
}
