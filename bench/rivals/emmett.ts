import {
  CommandHandler,
  type Event,
  type EventStore,
  getInMemoryEventStore,
} from '@event-driven-io/emmett'
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import { temporaryFile } from '../temporary-file.ts'
import type { PostgresServer } from '../postgres.ts'
import { data } from '../sample.ts'
import { decide, evolve, initialState, type Rival, type State } from './rival.ts'

type Placed = Event<'Placed', typeof data>

const placed: Placed = { type: 'Placed', data }

export async function emmettMemory(): Promise<Rival> {
  return rivalOn(getInMemoryEventStore())
}

/** As its documentation opens it: a connection for each operation. */
export async function emmettSqlite(): Promise<Rival> {
  // Only here, as it needs what may not be compiled everywhere.
  const { getSQLiteEventStore } = await import('@event-driven-io/emmett-sqlite')
  const { file, remove } = await temporaryFile('emmett.db')
  bearItsErrors()
  return rivalOn(getSQLiteEventStore({ fileName: file }), remove)
}

export async function emmettPostgres(postgres: PostgresServer): Promise<Rival> {
  const { url } = await postgres.newDatabase()
  const store = getPostgreSQLEventStore(url)
  await store.schema.migrate()
  return rivalOn(store, () => store.close())
}

function rivalOn(store: EventStore, close = async (): Promise<void> => undefined): Rival {
  const handle = CommandHandler<State, Placed>({
    evolve: (state, event) => evolve(state, event.data),
    initialState: () => initialState,
  })
  const isNew = { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' } as const
  return {
    append: (stream) => store.appendToStream(stream, [placed], isNew),
    fill: (stream, count) =>
      store.appendToStream(
        stream,
        Array.from({ length: count }, () => placed),
        isNew,
      ),
    load: async (stream) => (await store.readStream(stream)).events.length,
    command: (stream) =>
      handle(store, stream, (state) => {
        decide(state)
        return placed
      }),
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Its SQLite store prints each error that it throws; and the pragma that it runs on each connection
 * has nobody who would hear of an error, so that a database that is locked, or within a transaction, ends the process. For the rest
 * of this process, neither happens.
 */
function bearItsErrors(): void {
  console.log = () => undefined
  process.off('uncaughtException', bear)
  process.on('uncaughtException', bear)
}

function bear(error: Error): void {
  if (!/SQLITE_BUSY|change into wal mode/.test(error.message)) throw error
}
