import type { DatabaseSync } from 'node:sqlite'
import { AetherError, messageOf } from '../../../core/index.ts'
import { type LogIdentity, ofAnotherLog, type ProjectionBuild } from '../../../store/index.ts'
import { isFileFailure } from '../file/sqlite-failure.ts'
import type { TableShape } from './sqlite-tables-options.ts'

/**
 * How far each part of a build is, and which builds there are. What was dropped stays known, so that a
 * member that is late can't make it again.
 */
export const bookkeeping = `
  CREATE TABLE IF NOT EXISTS aether_progress (
    projection TEXT NOT NULL,
    build INTEGER NOT NULL,
    part TEXT NOT NULL,
    revision INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (projection, build, part)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS aether_build (
    projection TEXT NOT NULL,
    build INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'active', 'dropped')),
    shapes TEXT NOT NULL,
    PRIMARY KEY (projection, build)
  ) STRICT, WITHOUT ROWID;
`

/** What the file is known by: one row. Only members make it, so it isn't among the rest. */
const placeTable = `
  CREATE TABLE IF NOT EXISTS aether_place (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16))))
  ) STRICT;
  INSERT INTO aether_place (only) VALUES (1) ON CONFLICT DO NOTHING;
`

/** Of which log a build is made. Only members make it, as above. */
const logTable = `
  CREATE TABLE IF NOT EXISTS aether_log (
    projection TEXT NOT NULL,
    build INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (projection, build)
  ) STRICT, WITHOUT ROWID;
`

/** Whether a file has tables of projections and no events: those of inline ones are in the file of a store. */
export function isOfTables(db: DatabaseSync): boolean {
  const names = db.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('aether_build', 'event')`,
  )
  const found = names.all().map(({ name }) => name)
  return found.includes('aether_build') && !found.includes('event')
}

/** At some microseconds each. */
const rowsAtOnce = 1_000

interface BuildRow {
  readonly projection: string
  readonly build: number
  readonly state: 'prepared' | 'active' | 'dropped'
  /** JSON of its {@link TableShape}s. */
  readonly shapes: string
}

/** The table of a build: nobody writes such a name by mistake. */
export function tableNameIn({ projection, build }: ProjectionBuild, table: string): string {
  return quoted(`${projection}/${build}/${table}`)
}

/**
 * Makes the tables of the build where they are missing. Inside a transaction, as all here.
 * @throws AetherError `incompatible-store` where they are there and differ, or somebody else's are;
 * `invalid-argument` where SQLite refuses the columns
 */
export function makeBuild(
  db: DatabaseSync,
  place: ProjectionBuild & { readonly file: string },
  shapes: readonly TableShape[],
): void {
  const found = findBuild(db, place)
  if (found?.state === 'dropped') return
  const text = JSON.stringify(shapes)
  if (found) {
    if (found.shapes === text) return
    throw incompatible(
      `${place.file} has the tables of ${place.projection} (build ${place.build}) with other columns or indexes: raise the version of the projection, so that they are built anew`,
    )
  }
  for (const { name } of shapes) checkFree(db, place, name)
  for (const shape of shapes) tryToMake(db, place, shape)
  db.prepare(`INSERT INTO aether_build VALUES (?, ?, 'prepared', ?)`).run(
    place.projection,
    place.build,
    text,
  )
}

/**
 * Writes down of which log the build is made, where that isn't there: an older Aether knew nothing of it.
 * @throws AetherError `incompatible-store` where another one is there
 */
export function bindBuild(
  db: DatabaseSync,
  { file, ...build }: ProjectionBuild & { readonly file: string },
  log: LogIdentity | undefined,
): void {
  if (log) {
    db.exec(logTable)
    db.prepare('INSERT INTO aether_log VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING').run(
      build.projection,
      build.build,
      log.id,
      log.name,
    )
  }
  const found = logOfBuild(db, build)
  if (found && found.id !== log?.id)
    throw ofAnotherLog({ target: file, projection: build.projection, log: found }, log)
}

/** Of which log a build is made; undefined where nobody wrote it down. */
export function logOfBuild(
  db: DatabaseSync,
  { projection, build }: ProjectionBuild,
): LogIdentity | undefined {
  const isMade = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'aether_log'`).get()
  if (!isMade) return undefined
  return db
    .prepare('SELECT id, name FROM aether_log WHERE projection = ? AND build = ?')
    .get(projection, build) as unknown as LogIdentity | undefined
}

/** The greatest number of a build, also of one that was dropped; 0 where there is none. */
export function newestBuildOf(db: DatabaseSync, projection: string): number {
  return Math.max(0, ...buildsOf(db, projection).map(({ build }) => build))
}

/** What this file is known by, made at random the first time. Inside a transaction. */
export function placeIn(db: DatabaseSync): string {
  db.exec(placeTable)
  return String(db.prepare('SELECT id FROM aether_place').get()?.['id'])
}

/** Lets readers see the tables of this build under their plain names, unless they see a newer one. */
export function activateBuild(db: DatabaseSync, build: ProjectionBuild): void {
  const chosen = findBuild(db, build)
  if (chosen?.state !== 'prepared') return
  const active = buildsOf(db, build.projection).filter(({ state }) => state === 'active')
  if (active.some((other) => other.build > build.build)) return
  for (const other of active) {
    removeViews(db, other)
    setState(db, other, 'prepared')
  }
  for (const { name } of shapesOf(chosen))
    db.exec(`CREATE VIEW ${quoted(name)} AS SELECT * FROM ${tableNameIn(build, name)}`)
  setState(db, build, 'active')
}

/**
 * Hides a build that is to be dropped, and takes some of its rows away: what is dropped is overwritten,
 * and all of a large table at once would hold up the process. Gives whether there may be more. Rows of
 * tables without a rowid are left to {@link dropBuild}. Inside a transaction.
 */
export function emptySome(db: DatabaseSync, build: ProjectionBuild): boolean {
  const found = findBuild(db, build)
  if (!found || found.state === 'dropped') return false
  if (found.state === 'active') {
    removeViews(db, found)
    setState(db, build, 'prepared')
  }
  return shapesOf(found).some((shape) => {
    if (shape.withoutRowid) return false
    const table = tableNameIn(build, shape.name)
    const some = `SELECT rowid FROM ${table} LIMIT ${rowsAtOnce}`
    return Number(db.prepare(`DELETE FROM ${table} WHERE rowid IN (${some})`).run().changes) > 0
  })
}

/** Takes its tables, views and progress away. */
export function dropBuild(db: DatabaseSync, build: ProjectionBuild): void {
  const found = findBuild(db, build)
  if (!found || found.state === 'dropped') return
  if (found.state === 'active') removeViews(db, found)
  for (const { name } of shapesOf(found)) db.exec(`DROP TABLE ${tableNameIn(build, name)}`)
  db.prepare('DELETE FROM aether_progress WHERE projection = ? AND build = ?').run(
    build.projection,
    build.build,
  )
  setState(db, build, 'dropped')
}

function findBuild(db: DatabaseSync, { projection, build }: ProjectionBuild): BuildRow | undefined {
  return db
    .prepare('SELECT * FROM aether_build WHERE projection = ? AND build = ?')
    .get(projection, build) as unknown as BuildRow | undefined
}

function buildsOf(db: DatabaseSync, projection: string): readonly BuildRow[] {
  const query = db.prepare('SELECT * FROM aether_build WHERE projection = ? ORDER BY build')
  return query.all(projection) as unknown as readonly BuildRow[]
}

/** A name is read by one projection of the file. */
function checkFree(
  db: DatabaseSync,
  { file, projection }: ProjectionBuild & { readonly file: string },
  name: string,
): void {
  const others = db
    .prepare(`SELECT * FROM aether_build WHERE projection <> ? AND state <> 'dropped'`)
    .all(projection) as unknown as readonly BuildRow[]
  const isNamed = (row: BuildRow): boolean =>
    shapesOf(row).some((shape) => shape.name.toLowerCase() === name.toLowerCase())
  const owner = others.find(isNamed)
  if (owner)
    throw incompatible(
      `${file} has a table ${name} of the projection ${owner.projection}: choose another name or another file`,
    )
  const found = db
    .prepare('SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE')
    .get(name)?.['type']
  if (found === undefined || buildsOf(db, projection).some(isNamed)) return
  throw incompatible(
    `${file} has a ${String(found)} ${name} already: choose another name or another file`,
  )
}

function tryToMake(db: DatabaseSync, build: ProjectionBuild, shape: TableShape): void {
  try {
    makeTable(db, build, shape)
  } catch (thrown) {
    if (isFileFailure(thrown)) throw thrown
    throw new AetherError(
      'invalid-argument',
      `SQLite refuses the table ${shape.name} of sqliteTables(): ${messageOf(thrown)}`,
      { cause: thrown },
    )
  }
}

function makeTable(db: DatabaseSync, build: ProjectionBuild, shape: TableShape): void {
  const table = tableNameIn(build, shape.name)
  const options = shape.withoutRowid ? 'STRICT, WITHOUT ROWID' : 'STRICT'
  db.exec(`CREATE TABLE ${table} (${shape.columns}) ${options}`)
  shape.indexes.forEach((columns, index) => {
    const name = tableNameIn(build, `${shape.name}/${index + 1}`)
    db.exec(`CREATE INDEX ${name} ON ${table} (${columns})`)
  })
}

function removeViews(db: DatabaseSync, row: BuildRow): void {
  for (const { name } of shapesOf(row)) db.exec(`DROP VIEW IF EXISTS ${quoted(name)}`)
}

function setState(
  db: DatabaseSync,
  { projection, build }: ProjectionBuild,
  state: BuildRow['state'],
): void {
  db.prepare('UPDATE aether_build SET state = ? WHERE projection = ? AND build = ?').run(
    state,
    projection,
    build,
  )
}

function shapesOf({ shapes }: BuildRow): readonly TableShape[] {
  return JSON.parse(shapes) as TableShape[]
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function incompatible(message: string): AetherError {
  return new AetherError('incompatible-store', message)
}
