import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AetherError, LongWork, messageOf } from '../../../core/index.ts'
import type {
  LogIdentity,
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from '../../../store/index.ts'
import { Checkpoints } from '../file/checkpoints.ts'
import { connect } from '../file/connect.ts'
import { ProjectionFile, WriteFailure } from './projection-file.ts'
import { retryWhileBusy } from '../file/retry-while-busy.ts'
import { boundOf, type Sql, type SqlPart, type SqlRow, Statements } from './sql.ts'
import { sqliteFailure } from '../file/sqlite-failure.ts'
import type { TableShape } from './sqlite-tables-options.ts'
import { checkPlace } from '../file/store-place.ts'
import { writeAhead } from '../file/write-ahead.ts'

/** How tables are made, and waited for. */
export interface TablesSettings {
  /** For people. */
  readonly name: string
  readonly shapes: readonly TableShape[]
  readonly lockTimeoutMs: number
}

/** Projections in a file, over connections of their own: one to write and one to read. */
export class TablesInFile implements ProjectionTarget<Sql, void> {
  readonly name: string
  readonly path: string
  readonly #settings: TablesSettings
  #writing: Promise<ProjectionFile> | undefined
  #reading: ReadOnlyFile | undefined

  /** @param path absolute, whatever becomes of the working directory */
  constructor(path: string, settings: TablesSettings) {
    this.name = settings.name
    this.path = path
    this.#settings = settings
  }

  prepare(build: ProjectionBuild, log?: LogIdentity): Promise<void> {
    return this.#attempt((file) => file.prepare(build, this.#settings.shapes, log))
  }

  async load(build: ProjectionBuild): Promise<readonly Progress[]> {
    // Who writes makes the file, and the tables in it.
    if (!this.#writing && !(await this.#isMade())) return []
    return this.#attempt((file) => file.load(build))
  }

  async newestBuild(projection: string): Promise<number> {
    if (!this.#writing && !(await this.#isMade())) return 0
    return this.#attempt((file) => file.newestBuild(projection))
  }

  async madeOf(projection: string): Promise<LogIdentity | undefined> {
    if (!this.#writing && !(await this.#isMade())) return undefined
    return this.#attempt((file) => file.madeOf(projection))
  }

  place(): Promise<string> {
    return this.#attempt((file) => file.place())
  }

  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (sql: Sql) => void,
  ): Promise<readonly Progress[] | undefined> {
    return this.#attempt((file) => file.commit(build, parts, write))
  }

  activate(build: ProjectionBuild): Promise<void> {
    return this.#attempt((file) => file.activate(build))
  }

  async drop(build: ProjectionBuild): Promise<void> {
    const work = new LongWork()
    while (await this.#attempt((file) => file.dropSome(build))) await work.pause()
    await this.#attempt((file) => file.drop(build))
  }

  async read<Row = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlPart[]
  ): Promise<Row[]> {
    const query = (reading: ReadOnlyFile): Row[] => reading.all<Row>(text, values)
    try {
      return await retryWhileBusy(
        () => query((this.#reading ??= new ReadOnlyFile(this.path))),
        this.#settings.lockTimeoutMs,
      )
    } catch (thrown) {
      throw this.#isUnbuilt(thrown) ? unbuilt(this.path, thrown) : thrown
    }
  }

  async close(): Promise<void> {
    const writing = this.#writing
    this.#writing = undefined
    this.#reading?.close()
    this.#reading = undefined
    // One that could not be opened was told to whoever wanted to write.
    await writing?.then((file) => file.close()).catch(() => undefined)
  }

  /** Whether one of our own tables is missing: until a first build is finished, none has its plain name. */
  #isUnbuilt(thrown: unknown): boolean {
    const missing = /^no such table: (?:main\.)?(.+)$/.exec(messageOf(thrown))?.[1]
    return this.#settings.shapes.some(({ name }) => name === missing)
  }

  async #isMade(): Promise<boolean> {
    if (!existsSync(this.path)) return false
    try {
      const rows = await this.read`SELECT 1 FROM sqlite_schema WHERE name = ${'aether_progress'}`
      return rows.length > 0
    } catch {
      return true // who opens it says what is wrong
    }
  }

  async #attempt<T>(work: (file: ProjectionFile) => T): Promise<T> {
    const file = await this.#opened()
    try {
      return await retryWhileBusy(() => {
        if (!file.isOpen) throw new AetherError('closed', `${this.name} was closed`)
        file.checkFile()
        return work(file)
      }, this.#settings.lockTimeoutMs)
    } catch (thrown) {
      if (thrown instanceof WriteFailure) throw thrown.cause
      throw sqliteFailure(this.path, thrown)
    }
  }

  #opened(): Promise<ProjectionFile> {
    this.#writing ??= this.#open().catch((error: unknown) => {
      this.#writing = undefined
      throw error
    })
    return this.#writing
  }

  async #open(): Promise<ProjectionFile> {
    await checkPlace(this.path)
    const db = connect(this.path)
    try {
      return await retryWhileBusy(() => {
        writeAhead(db, this.path, 'NORMAL')
        return new ProjectionFile(db, this.path, new Checkpoints(db, this.path))
      }, this.#settings.lockTimeoutMs)
    } catch (thrown) {
      db.close()
      throw sqliteFailure(this.path, thrown)
    }
  }
}

/** A connection that sees what was committed, and changes nothing. */
class ReadOnlyFile {
  readonly #db: DatabaseSync
  readonly #statements: Statements

  /** @throws AetherError `store-unavailable` */
  constructor(file: string) {
    try {
      this.#db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    } catch (thrown) {
      throw sqliteFailure(file, thrown)
    }
    this.#statements = new Statements(this.#db, ({ name }) => name)
  }

  all<Row>(text: TemplateStringsArray, parts: readonly SqlPart[]): Row[] {
    return this.#statements.find(text, parts).all(...boundOf(parts)) as Row[]
  }

  close(): void {
    this.#db.close()
  }
}

function unbuilt(path: string, cause: unknown): AetherError {
  const advice =
    'no projection has finished building it here yet: wait until one is live, by reached() of its node'
  return new AetherError('store-unavailable', `${path}: ${messageOf(cause)}: ${advice}`, { cause })
}
