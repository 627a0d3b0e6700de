import { encodeKey } from '../../core/index.ts'
import type { Document, DocumentTable, ListOptions, TableShelf } from '../../store/index.ts'

/** Tables that every store opened on the same backend shares. */
export class MemoryTableShelf implements TableShelf {
  readonly #tables = new Map<string, MemoryDocumentTable>()

  async open(name: string): Promise<DocumentTable> {
    const table = this.#tables.get(name) ?? new MemoryDocumentTable()
    this.#tables.set(name, table)
    return table
  }

  async close(): Promise<void> {}
}

/** The executable specification of a table of documents. */
class MemoryDocumentTable implements DocumentTable {
  readonly maxTextBytes = Infinity
  readonly #documents = new Map<string, Document>()
  readonly #watchers = new Set<() => void>()
  #revision = 0

  async get(key: string): Promise<Document | undefined> {
    return this.#documents.get(key)
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    const found = keys.flatMap((key) => this.#documents.get(key) ?? [])
    return new Map(found.map((document) => [document.key, document]))
  }

  async *list(prefix: string, { after = '' }: ListOptions = {}): AsyncGenerator<Document> {
    const behind = encodeKey(after)
    const spelled = [...this.#documents.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .map((document) => [encodeKey(document.key), document] as const)
      .filter(([spelling]) => spelling > behind)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    for (const [, document] of spelled) yield document
  }

  async put(key: string, text: string, expected: number | undefined): Promise<number | undefined> {
    if (this.#documents.get(key)?.revision !== expected) return undefined
    const revision = ++this.#revision
    this.#documents.set(key, Object.freeze({ key, text, revision }))
    this.#tell()
    return revision
  }

  async remove(key: string, expected: number): Promise<boolean> {
    if (this.#documents.get(key)?.revision !== expected) return false
    this.#documents.delete(key)
    this.#tell()
    return true
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    return { [Symbol.asyncDispose]: async () => void this.#watchers.delete(watcher) }
  }

  async clear(): Promise<void> {
    this.#documents.clear()
    this.#tell()
  }

  #tell(): void {
    for (const wake of this.#watchers) wake()
  }
}
