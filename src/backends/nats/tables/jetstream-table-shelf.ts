import type { DocumentTable, TableShelf } from '../../../store/index.ts'
import { JetStreamDocumentTable } from './jetstream-document-table.ts'
import { TableStream, type TableStreamContext } from './table-stream.ts'

/** All tables of a namespace, in one stream. */
export class JetStreamTableShelf implements TableShelf {
  readonly #stream: TableStream

  constructor(context: TableStreamContext) {
    this.#stream = new TableStream(context)
  }

  async open(name: string): Promise<DocumentTable> {
    return new JetStreamDocumentTable(name, this.#stream)
  }

  /** Makes their stream where it is missing. */
  makeReady(): Promise<void> {
    return this.#stream.makeReady()
  }

  /** The connection is the events' as well, and closed with them. */
  async close(): Promise<void> {}
}
