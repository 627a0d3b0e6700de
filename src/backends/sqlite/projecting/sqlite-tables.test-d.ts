import type { HandlerResult, ProjectionTarget } from '../../../store/index.ts'
import { type Sql, sqliteTables } from '../index.ts'

const views = sqliteTables({
  file: 'views.db',
  tables: { sale: 'id TEXT PRIMARY KEY, cents INTEGER NOT NULL' },
})
const { sale } = views.tables

/** How a projection takes its target and its handlers. */
declare function projection<Tx, Done extends void | Promise<void>>(spec: {
  readonly target: ProjectionTarget<Tx, Done>
  readonly on: (event: { readonly id: string }, tx: Tx) => HandlerResult<Done>
}): void

projection({ target: views, on: ({ id }, sql) => sql`INSERT INTO ${sale} VALUES (${id}, 1)` })
projection({ target: views, on: () => {} })
projection({ target: views, on: ({ id }, sql) => sql.get`SELECT 1 FROM ${sale} WHERE id = ${id}` })
projection({ target: views, on: (_event, sql) => sql.all<{ id: string }>`SELECT id FROM ${sale}` })

// @ts-expect-error nothing may wait in a transaction of SQLite
projection({ target: views, on: async () => {} })
// @ts-expect-error the same
projection({ target: views, on: () => Promise.resolve(1) })

declare const asynchronous: ProjectionTarget<{ query(text: string): Promise<number> }>
projection({ target: asynchronous, on: (_event, tx) => tx.query('…') })
projection({ target: asynchronous, on: () => {} })
projection({ target: asynchronous, on: async (_event, tx) => void (await tx.query('…')) })

declare const sql: Sql
// @ts-expect-error there is no such table
void views.tables.sales
// @ts-expect-error an object is no value of SQLite
sql`DELETE FROM ${sale} WHERE id = ${{ id: 1 }}`
// @ts-expect-error neither is undefined: null is
sql`DELETE FROM ${sale} WHERE id = ${undefined}`
// @ts-expect-error it is a tag: values are never pasted in
sql('DELETE FROM sale')
