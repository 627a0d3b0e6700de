import type { ClientLibrary } from '../connection/client-library.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { GrowthWatch } from '../reading/growth-watch.ts'
import type { TableSubjects } from './table-subjects.ts'

interface Covering {
  readonly growth: GrowthWatch
  readonly tables: readonly string[]
}

/**
 * Tells who watches a table that it has changed. One consumer serves all tables that are watched, and
 * brings nothing of others, which may change far more often.
 */
export class TableWatch {
  readonly #begin: (tables: readonly string[]) => GrowthWatch
  readonly #subjects: TableSubjects
  readonly #watchers = new Map<string, Set<() => void>>()
  #covering: Covering | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(library: ClientLibrary, link: NatsLink, subjects: TableSubjects) {
    this.#subjects = subjects
    this.#begin = (tables) => {
      const filter = tables.map((table) => subjects.ofTable(table))
      return new GrowthWatch(library, link, subjects.stream, { subjects: filter })
    }
  }

  async add(table: string, wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    const watchers = this.#watchers.get(table) ?? new Set()
    this.#watchers.set(table, watchers.add(watcher))
    await this.#adjust()
    return {
      [Symbol.asyncDispose]: async () => {
        watchers.delete(watcher)
        await this.#adjust()
      },
    }
  }

  /** Of our own changes, which need not come back first; nothing is said of an unknown table. */
  tell(table: string): void {
    for (const wake of this.#watchers.get(table) ?? []) wake()
  }

  /** One after the other, so that no consumer is left over. */
  #adjust(): Promise<void> {
    const turn = this.#turn.then(() => this.#cover())
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #cover(): Promise<void> {
    const tables = [...this.#watchers].flatMap(([table, { size }]) => (size > 0 ? [table] : []))
    const covered = this.#covering
    if (tables.length > 0 && tables.every((table) => covered?.tables.includes(table))) return
    this.#covering = undefined
    if (tables.length > 0) {
      const growth = this.#begin(tables)
      await growth.add((subject) => this.#told(subject))
      this.#covering = { growth, tables }
    }
    await covered?.growth.close()
  }

  #told(subject: string | undefined): void {
    const tables = subject === undefined ? this.#watchers.keys() : [this.#subjects.tableOf(subject)]
    for (const table of tables) this.tell(table)
  }
}
