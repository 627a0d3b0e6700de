import { AetherError } from '../../../core/index.ts'
import type { EventStore, InlineStep, InlineTarget, Progress } from '../../../store/index.ts'
import { InlineSeat } from './inline-seat.ts'
import type { SqliteTables } from './projection-tables.ts'
import type { Sql, SqlPart, SqlRow } from './sql.ts'
import { TablesInFile, type TablesSettings } from './tables-in-file.ts'

/** Tables in the file of whichever event store they are opened with. */
export class InlineTables<Name extends string> implements SqliteTables<Name> {
  readonly name: string
  readonly tables: SqliteTables<Name>['tables']
  readonly #settings: TablesSettings
  /** The newest, for readers. */
  #opened: TablesInStore | undefined

  constructor(tables: SqliteTables<Name>['tables'], settings: TablesSettings) {
    this.name = settings.name
    this.tables = tables
    this.#settings = settings
  }

  inline({ inlineSeat: seat }: EventStore): InlineTarget<Sql> {
    if (!(seat instanceof InlineSeat))
      throw new AetherError(
        'incompatible-store',
        'sqliteTables({ inline: true }) writes inside the transactions of a SQLite event store, and this one has none: use sqlite(), or give the tables a file',
      )
    this.#opened = new TablesInStore(seat, this.#settings)
    return this.#opened
  }

  prepare = (): Promise<void> => this.#refuse()
  load = (): Promise<readonly Progress[]> => this.#refuse()
  commit = (): Promise<undefined> => this.#refuse()
  activate = (): Promise<void> => this.#refuse()
  drop = (): Promise<void> => this.#refuse()

  async read<Row = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlPart[]
  ): Promise<Row[]> {
    return this.#opened ? this.#opened.read<Row>(text, ...values) : this.#refuse()
  }

  async close(): Promise<void> {
    await this.#opened?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #refuse(): Promise<never> {
    throw new AetherError(
      'invalid-argument',
      'sqliteTables({ inline: true }) has no file before a node is opened with its projection',
    )
  }
}

/** Such tables in one store. What isn't done in its transactions goes over connections of their own. */
class TablesInStore extends TablesInFile implements InlineTarget<Sql> {
  readonly #seat: InlineSeat

  constructor(seat: InlineSeat, settings: TablesSettings) {
    super(seat.file, { ...settings, name: `sqlite:${seat.file}, inline` })
    this.#seat = seat
  }

  attach(step: InlineStep<Sql>): Disposable {
    return this.#seat.attach(step)
  }
}
