import {
  AetherError,
  type LogIdentity,
  type Progress,
  type ProgressChange,
  type ProjectionBuild,
  type ProjectionTarget,
} from 'aether'
import { escapeIdentifier, type Pool, type PoolClient } from 'pg'
import { alone, ownFault, transaction } from './transaction.ts'

const bookkeeping = `
  CREATE SCHEMA IF NOT EXISTS aether;
  CREATE TABLE IF NOT EXISTS aether.build (
    projection text, build int, active boolean NOT NULL DEFAULT false,
    PRIMARY KEY (projection, build));
  CREATE TABLE IF NOT EXISTS aether.progress (
    projection text, build int, part text, revision int NOT NULL, text text NOT NULL,
    PRIMARY KEY (projection, build, part),
    FOREIGN KEY (projection, build) REFERENCES aether.build ON DELETE CASCADE);
  CREATE TABLE IF NOT EXISTS aether.log (
    projection text, build int, id text NOT NULL, name text NOT NULL,
    PRIMARY KEY (projection, build),
    FOREIGN KEY (projection, build) REFERENCES aether.build ON DELETE CASCADE);
  CREATE TABLE IF NOT EXISTS aether.place (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), id uuid NOT NULL DEFAULT gen_random_uuid())`

const ofBuild = 'projection = $1 AND build = $2'

/**
 * Lets a projection write to tables of PostgreSQL. Each build has a schema of its own, in which handlers
 * find the tables under their plain names; everybody else reads them through views in `public`.
 */
export class PostgresTables implements ProjectionTarget<PoolClient> {
  readonly name = 'postgresql'
  readonly #pool: Pool
  readonly #tables: Readonly<Record<string, string>>
  #making: Promise<void> | undefined

  /** @param tables their columns, by their names */
  constructor(pool: Pool, tables: Readonly<Record<string, string>>) {
    this.#pool = pool
    this.#tables = tables
  }

  async prepare(build: ProjectionBuild, log?: LogIdentity): Promise<void> {
    await alone(await this.#ready(), async (tx) => {
      await this.#make(tx, build)
      await bind(tx, build, log)
    })
  }

  async load(build: ProjectionBuild): Promise<readonly Progress[]> {
    if (await this.#isUntouched()) return []
    const query = `SELECT part, text, revision FROM aether.progress WHERE ${ofBuild} ORDER BY part`
    return (await ownFault((await this.#ready()).query<Progress>(query, idOf(build)))).rows
  }

  async commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: PoolClient) => unknown,
  ): Promise<readonly Progress[] | undefined> {
    return transaction(await this.#ready(), async (tx) => {
      // Held until the end, so that nobody drops the build meanwhile.
      const find = `SELECT FROM aether.build WHERE ${ofBuild} FOR SHARE`
      if ((await tx.query(find, idOf(build))).rowCount === 0) return undefined
      const stored: Progress[] = []
      for (const change of parts) {
        const [part] = await put(tx, build, change)
        if (!part) return undefined
        stored.push(part)
      }
      await tx.query(`SET LOCAL search_path TO ${schemaOf(build)}`)
      await write(tx)
      return stored
    })
  }

  async activate(build: ProjectionBuild): Promise<void> {
    await alone(await this.#ready(), async (tx) => {
      const newest = `SELECT max(build) FROM aether.build WHERE projection = $1 AND (active OR build = $2)`
      const { rows } = await tx.query<{ max: number | null }>(newest, idOf(build))
      if (rows[0]?.max !== build.build) return
      for (const table of Object.keys(this.#tables)) {
        await tx.query(`DROP VIEW IF EXISTS public.${table}`)
        await tx.query(`CREATE VIEW public.${table} AS SELECT * FROM ${schemaOf(build)}.${table}`)
      }
      await tx.query(`UPDATE aether.build SET active = true WHERE ${ofBuild}`, idOf(build))
    })
  }

  async drop(build: ProjectionBuild): Promise<void> {
    await alone(await this.#ready(), async (tx) => {
      await tx.query(`DELETE FROM aether.build WHERE ${ofBuild}`, idOf(build))
      await tx.query(`DROP SCHEMA IF EXISTS ${schemaOf(build)} CASCADE`)
    })
  }

  async newestBuild(projection: string): Promise<number> {
    if (await this.#isUntouched()) return 0
    const newest =
      'SELECT coalesce(max(build), 0) AS newest FROM aether.build WHERE projection = $1'
    const looking = (await this.#ready()).query<{ newest: number }>(newest, [projection])
    return (await ownFault(looking)).rows[0]?.newest ?? 0
  }

  async madeOf(projection: string): Promise<LogIdentity | undefined> {
    if (await this.#isUntouched()) return undefined
    const pool = await this.#ready()
    return logOf(pool, { projection, build: await this.newestBuild(projection) })
  }

  async place(): Promise<string> {
    const pool = await this.#ready()
    await alone(pool, async (tx) => {
      await tx.query('INSERT INTO aether.place DEFAULT VALUES ON CONFLICT DO NOTHING')
    })
    const { rows } = await ownFault(pool.query<{ id: string }>('SELECT id FROM aether.place'))
    return rows[0]?.id ?? ''
  }

  /** Leaves the pool, which is its owner's. */
  async close(): Promise<void> {}

  async #make(tx: PoolClient, build: ProjectionBuild): Promise<void> {
    const row = 'INSERT INTO aether.build VALUES ($1, $2) ON CONFLICT DO NOTHING'
    if ((await tx.query(row, idOf(build))).rowCount === 0) return
    await tx.query(`CREATE SCHEMA ${schemaOf(build)}`)
    for (const [table, columns] of Object.entries(this.#tables))
      await tx.query(`CREATE TABLE ${schemaOf(build)}.${table} (${columns})`)
  }

  /** Who only looks makes no tables. */
  async #isUntouched(): Promise<boolean> {
    return !this.#making && !(await isMade(this.#pool))
  }

  async #ready(): Promise<Pool> {
    this.#making ??= alone(this.#pool, async (tx) => void (await tx.query(bookkeeping)))
    await this.#making.catch((error: unknown) => {
      this.#making = undefined
      throw error
    })
    return this.#pool
  }
}

async function isMade(pool: Pool): Promise<boolean> {
  const looking = pool.query<{ made: boolean }>(
    `SELECT to_regclass('aether.progress') IS NOT NULL AS made`,
  )
  return (await ownFault(looking)).rows[0]?.made ?? false
}

/** Writes down of which log the build is made, where that isn't there; refuses another one. */
async function bind(
  tx: PoolClient,
  build: ProjectionBuild,
  log: LogIdentity | undefined,
): Promise<void> {
  const row = 'INSERT INTO aether.log VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING'
  if (log) await tx.query(row, [...idOf(build), log.id, log.name])
  const found = await logOf(tx, build)
  if (!found || found.id === log?.id) return
  const own = log?.name ?? 'a log that ends with its process'
  throw new AetherError(
    'incompatible-store',
    `PostgreSQL has the projection ${build.projection} of ${found.name}, and this is ${own}`,
  )
}

/** Undefined where nobody wrote it down. */
async function logOf(
  db: Pool | PoolClient,
  build: ProjectionBuild,
): Promise<LogIdentity | undefined> {
  const query = `SELECT id, name FROM aether.log WHERE ${ofBuild}`
  return (await ownFault(db.query<{ id: string; name: string }>(query, idOf(build)))).rows[0]
}

/** Stores the part if it is of the revision expected; otherwise there is no row. */
async function put(
  tx: PoolClient,
  build: ProjectionBuild,
  { part, text, expected }: ProgressChange,
): Promise<readonly Progress[]> {
  const change =
    expected === undefined
      ? 'INSERT INTO aether.progress VALUES ($1, $2, $3, 1, $4) ON CONFLICT DO NOTHING'
      : `UPDATE aether.progress SET text = $4, revision = revision + 1
         WHERE ${ofBuild} AND part = $3 AND revision = $5`
  const values = [...idOf(build), part, text, ...(expected === undefined ? [] : [expected])]
  return (await tx.query<Progress>(`${change} RETURNING part, text, revision`, values)).rows
}

function idOf({ projection, build }: ProjectionBuild): [string, number] {
  return [projection, build]
}

function schemaOf({ projection, build }: ProjectionBuild): string {
  return escapeIdentifier(`${projection}_${build}`)
}
