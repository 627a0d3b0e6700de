import { AetherError, type Logger } from '../../core/index.ts'
import type { UnderWay } from '../append/under-way.ts'
import { steadyWake } from '../steady-wake.ts'
import type { Document, DocumentTable, ListOptions } from './document-table.ts'

const maxKeyLength = 400

export interface CheckedTableContext {
  /** Closing waits for what is entered here. */
  readonly underWay: UnderWay
  /** Aborted when the store closes. */
  readonly closed: AbortSignal
  readonly logger: Logger
}

/** A table that takes nothing but what every backend can keep, and nothing after it was closed. */
export class CheckedTable implements DocumentTable {
  readonly #name: string
  readonly #table: DocumentTable
  readonly #context: CheckedTableContext

  constructor(name: string, table: DocumentTable, context: CheckedTableContext) {
    this.#name = name
    this.#table = table
    this.#context = context
  }

  get maxTextBytes(): number {
    return this.#table.maxTextBytes
  }

  async get(key: string): Promise<Document | undefined> {
    this.#assertOpen()
    checkKey(key)
    return this.#entered(this.#table.get(key))
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    this.#assertOpen()
    for (const key of keys) checkKey(key)
    if (keys.length === 0) return new Map()
    return this.#entered(this.#table.getMany([...new Set(keys)]))
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<Document> {
    this.#assertOpen()
    checkListed(prefix, options)
    for await (const document of this.#table.list(prefix, options)) {
      this.#assertOpen()
      yield document
    }
  }

  async put(key: string, text: string, expected: number | undefined): Promise<number | undefined> {
    this.#assertOpen()
    checkKey(key)
    if (!isText(text)) throw invalid(`the text of ${JSON.stringify(key)}`, 'Unicode text', text)
    if (expected !== undefined) checkRevision(expected)
    return this.#entered(this.#table.put(key, text, expected))
  }

  async remove(key: string, expected: number): Promise<boolean> {
    this.#assertOpen()
    checkKey(key)
    checkRevision(expected)
    return this.#entered(this.#table.remove(key, expected))
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    this.#assertOpen()
    const { closed, logger } = this.#context
    const steady = steadyWake(wake, `the table ${this.#name}`, logger)
    // After the store was closed nobody is woken, also where nobody ended it.
    const watching = await this.#entered(
      this.#table.watch(() => {
        if (!closed.aborted) steady()
      }),
    )
    let ending: Promise<void> | undefined
    const end = async (): Promise<void> => {
      closed.removeEventListener('abort', endSoon)
      ending ??= Promise.resolve(watching[Symbol.asyncDispose]())
      await ending
    }
    const endSoon = (): void => this.#context.underWay.enter(end())
    closed.addEventListener('abort', endSoon)
    if (closed.aborted) await end()
    return { [Symbol.asyncDispose]: end }
  }

  async clear(): Promise<void> {
    this.#assertOpen()
    return this.#entered(this.#table.clear())
  }

  #entered<T>(work: Promise<T>): Promise<T> {
    this.#context.underWay.enter(work)
    return work
  }

  #assertOpen(): void {
    if (this.#context.closed.aborted) throw new AetherError('closed', 'the event store was closed')
  }
}

function checkKey(key: string): void {
  if (isText(key) && key !== '' && key.length <= maxKeyLength) return
  throw invalid('a key', `1 to ${maxKeyLength} characters of Unicode text`, key)
}

function checkListed(prefix: string, { after = '', atOnce = 1 }: ListOptions): void {
  if (!isText(prefix)) throw invalid('a prefix', 'Unicode text', prefix)
  if (!isText(after)) throw invalid('what a list begins behind', 'Unicode text', after)
  if (Number.isSafeInteger(atOnce) && atOnce >= 1) return
  throw invalid('how many are read at a time', 'a whole number from 1', atOnce)
}

function checkRevision(revision: number): void {
  if (Number.isSafeInteger(revision) && revision >= 1) return
  throw invalid('an expected revision', 'one that the table gave', revision)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed()
}

function invalid(what: string, allowed: string, value: unknown): AetherError {
  const seen = JSON.stringify(value)?.slice(0, 60)
  return new AetherError('invalid-argument', `${what} must be ${allowed}, not ${seen}`)
}
