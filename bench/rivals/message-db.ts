import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Pool } from 'pg'
import type { PostgresServer } from '../postgres.ts'
import { data } from '../sample.ts'
import { decide, evolve, initialState, type Rival, type State } from './rival.ts'

const write = 'SELECT write_message($1, $2, $3, $4, $5, $6)'
/** -1 for a batch of any size. */
const read = 'SELECT * FROM get_stream_messages($1, 0, -1)'

interface Row {
  readonly position: string
  readonly data: string
}

/**
 * Message DB's own functions in SQL, through a pool of `pg`: the client on npm knows one address
 * only, and opens a connection for each query.
 */
export async function messageDb(postgres: PostgresServer): Promise<Rival> {
  const { name, url } = await postgres.newDatabase()
  await install(postgres, name)
  const pool = new Pool({ connectionString: url, options: '-c search_path=message_store,public' })
  const append = (stream: string, expectedVersion: number): Promise<unknown> =>
    pool.query(write, [randomUUID(), stream, 'Placed', data, {}, expectedVersion])
  const load = async (stream: string): Promise<readonly Row[]> =>
    (await pool.query<Row>(read, [stream])).rows
  return {
    append: (stream) => append(stream, -1),
    async fill(stream, count) {
      for (let version = 0; version < count; version++) await append(stream, version - 1)
    },
    async load(stream) {
      return (await load(stream)).map((row) => dataIn(row)).length
    },
    async command(stream) {
      const rows = await load(stream)
      decide(rows.reduce<State>((state, row) => evolve(state, dataIn(row)), initialState))
      await append(stream, Number(rows.at(-1)?.position ?? -1))
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

function dataIn(row: Row): typeof data {
  return JSON.parse(row.data) as typeof data
}

async function install(postgres: PostgresServer, database: string): Promise<void> {
  const packageFile = createRequire(import.meta.url).resolve('@eventide/message-db/package.json')
  const script = join(dirname(packageFile), 'database', 'install.sh')
  await postgres.run('bash', [script], { DATABASE_NAME: database, CREATE_DATABASE: 'off' })
}
