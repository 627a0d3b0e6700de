import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { type NatsServer, startNatsServer } from '../../test/support/nats.ts'
import { monitored, monitoringOf } from '../../test/support/nats-monitoring.ts'
import { type Group, group, nothingShared } from '../group.ts'
import { type PostgresServer, startPostgres } from '../postgres.ts'
import { temporaryFile } from '../temporary-file.ts'
import { comparisonsOf, type Contest } from './contest.ts'
import { openActors, openStore } from './ours.ts'
import type { Rival } from './rival.ts'

interface Servers extends AsyncDisposable {
  readonly postgres: PostgresServer
  readonly nats: NatsServer
  readonly monitoring: string
}

interface Ours<Place> extends Omit<Contest<Place>, 'openRival'> {
  readonly name: string
}

const onMemory = oursOn('memory', async () => ({ backend: memory() }))

const onSqlite = oursOn('SQLite', async () => {
  const { file, remove } = await temporaryFile('events.db')
  return { backend: sqlite(file), close: remove }
})

let namespaces = 0
const onJetStream = oursOn<Servers>('JetStream', async (servers) => ({
  backend: nats({
    servers: servers.nats.url,
    namespace: `rivals-${++namespaces}`,
    monitoring: servers.monitoring,
    durability: 'require',
  }),
}))

const command =
  'A command loads a stream of 0 to 49 events, decides and appends. Our actors keep their state between commands.'
const inMemory = [
  command,
  'castore, emmett and dcb-es keep and hand out the objects themselves, so that whoever changes what was read changes what is stored; ours keeps frozen copies.',
]
const onLikeSqlite = [
  command,
  'Both with their defaults, which are WAL and `synchronous = FULL`. Only what succeeds is counted.',
]
const onOtherDatabase = [
  command,
  'Not the like backend, as none of ours is PostgreSQL. All are on disk when they answer: PostgreSQL and SQLite by default, JetStream with `sync_interval: always`.',
]
const sleepless =
  "act's commands go through its cache of states. Its memory store sleeps 100 ms in each call by default; here 0, which still is a timer."

/** Each rival is loaded when it's its turn: some change the process that they are loaded into. */
export const rivalGroups: readonly Group[] = [
  inMemoryGroup('castore', async () => (await import('./castore.ts')).castoreMemory()),
  inMemoryGroup('emmett', async () => (await import('./emmett.ts')).emmettMemory()),
  inMemoryGroup('act', async () => (await import('./act.ts')).actMemory(), [command, sleepless]),
  inMemoryGroup('dcb-es', async () => (await import('./dcb-es.ts')).dcbMemory()),
  onSqliteGroup('emmett', async () => (await import('./emmett.ts')).emmettSqlite(), [
    'emmett opens a connection for each operation, and an error in that is an uncaught one: it is caught here, and elsewhere would end the process.',
  ]),
  onSqliteGroup('act', async () => (await import('./act.ts')).actSqlite()),
  ...onPostgresGroups('castore', async (db) => (await import('./castore.ts')).castorePostgres(db)),
  ...onPostgresGroups('emmett', async (db) => (await import('./emmett.ts')).emmettPostgres(db)),
  ...onPostgresGroups('dcb-es', async (db) => (await import('./dcb-es.ts')).dcbPostgres(db)),
  ...onPostgresGroups('message-db', async (db) => (await import('./message-db.ts')).messageDb(db)),
]

function inMemoryGroup(
  rival: string,
  openRival: () => Promise<Rival>,
  remarks: readonly string[] = inMemory,
): Group {
  return group({
    name: `Rivals: ours in memory against ${rival} in memory`,
    remarks,
    open: nothingShared,
    comparisons: comparisonsOf({ ...onMemory, openRival }),
  })
}

function onSqliteGroup(
  rival: string,
  openRival: () => Promise<Rival>,
  remarks: readonly string[] = [],
): Group {
  return group({
    name: `Rivals: ours on SQLite against ${rival} on SQLite`,
    remarks: [...onLikeSqlite, ...remarks],
    open: nothingShared,
    comparisons: comparisonsOf({ ...onSqlite, openRival }),
  })
}

function onPostgresGroups(
  rival: string,
  openRival: (postgres: PostgresServer) => Promise<Rival>,
): readonly Group[] {
  return [onSqlite, onJetStream].map((ours) =>
    group<Servers>({
      name: `Rivals: ours on ${ours.name} against ${rival} on PostgreSQL`,
      remarks: onOtherDatabase,
      open: openServers,
      comparisons: comparisonsOf({ ...ours, openRival: ({ postgres }) => openRival(postgres) }),
    }),
  )
}

async function openServers(): Promise<Servers> {
  await using stack = new AsyncDisposableStack()
  const postgres = stack.use(await startPostgres())
  const config = `${monitored}\njetstream { sync_interval: always }`
  const server = stack.use(await startNatsServer({ config }))
  const monitoring = await monitoringOf(server)
  const moved = stack.move()
  return { postgres, nats: server, monitoring, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}

interface OurPlace {
  readonly backend: Parameters<typeof openStore>[0]
  close?(): Promise<void>
}

function oursOn<Place = unknown>(
  name: string,
  make: (place: Place) => Promise<OurPlace>,
): Ours<Place> {
  const opened = (open: typeof openStore) => async (place: Place) => {
    const { backend, close = async () => undefined } = await make(place)
    return open(backend, close)
  }
  return { name, openStore: opened(openStore), openActors: opened(openActors) }
}
