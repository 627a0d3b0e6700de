import { decodeKey, encodeKey } from '../../../core/index.ts'

/** What the stream and the subjects of the tables of a namespace are called: one subject a document. */
export class TableSubjects {
  /** No namespace makes the same name of {@link EventSubjects}, as none begins with `-`. */
  readonly stream: string
  /** Matches all documents of all tables. */
  readonly all: string
  readonly #prefix: string

  constructor(namespace: string) {
    this.stream = `AETHER-TABLES_${namespace}`
    this.#prefix = `aether.${namespace}.table.`
    this.all = `${this.#prefix}>`
  }

  of(table: string, key: string): string {
    return `${this.#prefix}${table}.${encodeKey(key)}`
  }

  /** Matches all documents of a table. */
  ofTable(table: string): string {
    return `${this.#prefix}${table}.*`
  }

  tableOf(subject: string): string {
    return subject.slice(this.#prefix.length, subject.lastIndexOf('.'))
  }

  keyOf(subject: string): string {
    return decodeKey(this.spellingOf(subject))
  }

  /** The key as it is spelled in the subject. */
  spellingOf(subject: string): string {
    return subject.slice(subject.lastIndexOf('.') + 1)
  }
}
