import { encodeKey } from '../../../core/index.ts'
import type { Address, AddressPattern } from '../../../store/index.ts'

/** What the subjects of the bus of a namespace are called: a token for each part of an address. */
export class BusSubjects {
  /** Matches all of them. */
  readonly all: string
  readonly #prefix: string

  constructor(namespace: string) {
    this.#prefix = `aether.${namespace}.bus.`
    this.all = `${this.#prefix}>`
  }

  of(address: Address): string {
    return this.#prefix + address.map(encodeKey).join('.')
  }

  /** Matches the subjects of all addresses that match; no key is spelled like a wildcard. */
  matching({ parts, isOpen }: AddressPattern): string {
    const tokens = parts.map((part) => (part === undefined ? '*' : encodeKey(part)))
    return this.#prefix + [...tokens, ...(isOpen ? ['>'] : [])].join('.')
  }

  /** Whether it is a subject, or a pattern, of this bus. */
  has(subject: string): boolean {
    return subject.startsWith(this.#prefix)
  }
}
