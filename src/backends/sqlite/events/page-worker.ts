import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openMessage } from '../file/side-thread.ts'
import { type OtherData, type PackedRows, packRows, type PackableRow } from './packed-rows.ts'
import type { PageQuery } from './scan-query.ts'

/** Reads with another filter have other ones. */
const maxStatements = 32

/** What the query gave, piece by piece: nothing where it failed. */
export type PageAnswer = readonly PackedRows[] | undefined

/** What a `PageThread` does: query after query, in the order in which they come. */
class PageWorker {
  readonly #db: DatabaseSync
  /** By their text. */
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  }

  answer({ rows, others, values: pieces }: PageQuery): PageAnswer {
    try {
      const packed = pieces.map((values) => {
        const row = this.#packable(rows).get(...values) as unknown as PackableRow
        return packRows(row, () => this.#prepared(others).all(...values) as unknown as OtherData[])
      })
      return packed.every((piece) => piece !== undefined) ? packed : undefined
    } catch {
      // Whoever then reads the same for himself meets the failure, or finds that it is over.
      return undefined
    }
  }

  #packable(query: string): StatementSync {
    const statement = this.#prepared(query)
    statement.setReturnArrays(true)
    return statement
  }

  #prepared(query: string): StatementSync {
    const known = this.#statements.get(query)
    if (known) return known
    if (this.#statements.size >= maxStatements) this.#statements.clear()
    const statement = this.#db.prepare(query)
    this.#statements.set(query, statement)
    return statement
  }
}

const worker = new PageWorker(workerData as string)
parentPort?.on('message', (query: PageQuery) => {
  parentPort?.postMessage(worker.answer(query))
})
parentPort?.postMessage(openMessage)
