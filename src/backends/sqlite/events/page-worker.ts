import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openMessage } from '../file/side-thread.ts'
import { type OtherData, type PackedRows, packRows, type PageRow } from './packed-rows.ts'
import type { PageQuery } from './scan-query.ts'

/** Reads with another filter have other ones. */
const maxStatements = 32

/** What the query gave: nothing where it failed. */
export type PageAnswer = PackedRows | undefined

/** What a `PageThread` does: query after query, in the order in which they come. */
class PageWorker {
  readonly #db: DatabaseSync
  /** By their text. */
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  }

  answer({ page, others, values }: PageQuery): PageAnswer {
    try {
      const ofPage = this.#prepared(page)
      ofPage.setReturnArrays(true)
      const row = ofPage.get(...values) as unknown as PageRow
      return packRows(row, () => this.#prepared(others).all(...values) as unknown as OtherData[])
    } catch {
      // Whoever then reads the same for himself meets the failure, or finds that it is over.
      return undefined
    }
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
