import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { openMessage } from '../file/side-thread.ts'
import type { SmallRow } from './large-data.ts'
import { type PackedRows, packRows } from './packed-rows.ts'

/** A query for rows of events. */
export interface PageQuery {
  readonly text: string
  readonly values: readonly (string | number)[]
}

/** What the query gave: nothing where it failed. */
export type PageAnswer = PackedRows | undefined

/** What a `PageThread` does: query after query, in the order in which they come. */
class PageWorker {
  readonly #db: DatabaseSync
  #query = ''
  #statement: StatementSync | undefined

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  }

  answer({ text, values }: PageQuery): PageAnswer {
    try {
      return packRows(this.#prepared(text).all(...values) as unknown as SmallRow[])
    } catch {
      // Whoever then reads the same for himself meets the failure, or finds that it is over.
      return undefined
    }
  }

  #prepared(text: string): StatementSync {
    if (this.#statement && this.#query === text) return this.#statement
    this.#statement = this.#db.prepare(text)
    this.#statement.setReturnArrays(true)
    this.#query = text
    return this.#statement
  }
}

const worker = new PageWorker(workerData as string)
parentPort?.on('message', (query: PageQuery) => {
  parentPort?.postMessage(worker.answer(query))
})
parentPort?.postMessage(openMessage)
