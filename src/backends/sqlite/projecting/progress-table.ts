import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Progress, ProgressChange, ProjectionBuild } from '../../../store/index.ts'

/** How far builds are, over one connection: changed by compare-and-set. Inside a transaction. */
export class ProgressTable {
  readonly #isLive: StatementSync
  readonly #load: StatementSync
  readonly #revision: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync

  constructor(db: DatabaseSync) {
    const part = 'projection = ? AND build = ? AND part = ?'
    this.#isLive = db.prepare(
      `SELECT 1 FROM aether_build WHERE projection = ? AND build = ? AND state <> 'dropped'`,
    )
    this.#load = db.prepare(
      'SELECT part, text, revision FROM aether_progress WHERE projection = ? AND build = ? ORDER BY part',
    )
    this.#revision = db.prepare(`SELECT revision FROM aether_progress WHERE ${part}`)
    this.#insert = db.prepare('INSERT INTO aether_progress VALUES (?, ?, ?, 1, ?)')
    this.#update = db.prepare(`UPDATE aether_progress SET revision = ?, text = ? WHERE ${part}`)
  }

  load({ projection, build }: ProjectionBuild): Progress[] {
    const rows = this.#load.all(projection, build) as unknown as Progress[]
    return rows.map(({ part, text, revision }) => ({ part, text, revision }))
  }

  /** The parts as they are stored; undefined where the build or one of them is not as expected. */
  change(
    { projection, build }: ProjectionBuild,
    parts: readonly ProgressChange[],
  ): Progress[] | undefined {
    if (!this.#isLive.get(projection, build)) return undefined
    for (const { part, expected } of parts)
      if (this.#revision.get(projection, build, part)?.['revision'] !== expected) return undefined
    return parts.map(({ part, text, expected }) => {
      const revision = (expected ?? 0) + 1
      if (expected === undefined) this.#insert.run(projection, build, part, text)
      else this.#update.run(revision, text, projection, build, part)
      return { part, text, revision }
    })
  }
}
