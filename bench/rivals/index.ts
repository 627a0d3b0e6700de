import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { type NatsServer, startNatsServer } from '../../test/support/nats.ts'
import { type Group, group, nothingShared } from '../group.ts'
import { type PostgresServer, startPostgres } from '../postgres.ts'
import { temporaryFile } from '../temporary-file.ts'
import { comparisonsOf, type Contest } from './contest.ts'
import { openActors, openStore } from './ours.ts'
import type { Rival } from './rival.ts'

interface Servers extends AsyncDisposable {
  readonly postgres: PostgresServer
  readonly nats: NatsServer
}

type Ours<Place> = Pick<Contest<Place>, 'ours' | 'openStore' | 'openActors'>

const onMemory = oursOn('memory', async () => ({ backend: memory() }))

const onSqlite = oursOn('SQLite', async () => {
  const { file, remove } = await temporaryFile('events.db')
  return { backend: sqlite(file), close: remove }
})

let namespaces = 0
const onJetStream = oursOn<Servers>('JetStream', async (servers) => ({
  backend: nats({ servers: servers.nats.url, namespace: `rivals-${++namespaces}` }),
}))

const command =
  'A command loads a stream of 0 to 49 events, decides and appends. Our actors keep their state between commands; so does act, in its cache.'

/** Each rival is loaded when it's its turn: some change the process that they are loaded into. */
export const rivalGroups: readonly Group[] = [
  group({
    name: 'Rivals in memory',
    remarks: ['Each append is the first of a stream, and conditional.', command],
    open: nothingShared,
    comparisons: [
      contest('castore', async () => (await import('./castore.ts')).castoreMemory(), onMemory),
      contest('emmett', async () => (await import('./emmett.ts')).emmettMemory(), onMemory),
      contest('act', async () => (await import('./act.ts')).actMemory(), onMemory),
      contest('dcb-es', async () => (await import('./dcb-es.ts')).dcbMemory(), onMemory),
    ].flatMap(comparisonsOf),
  }),
  group({
    name: 'Rivals on SQLite',
    remarks: [
      'All with their defaults, which are the same: WAL, `synchronous = FULL`. Only what succeeds is counted.',
      command,
    ],
    open: nothingShared,
    comparisons: [
      contest('emmett', async () => (await import('./emmett.ts')).emmettSqlite(), onSqlite),
      contest('act', async () => (await import('./act.ts')).actSqlite(), onSqlite),
    ].flatMap(comparisonsOf),
  }),
  group({
    name: 'Rivals on PostgreSQL, ours on SQLite and on JetStream',
    remarks: [
      'Not the like backend: none of ours is PostgreSQL. PostgreSQL with its defaults, which sync each commit; our SQLite as above; JetStream with `sync_interval: always`, so that all are on disk when they answer.',
      command,
    ],
    open: openServers,
    comparisons: [onSqlite, onJetStream].flatMap((ours) =>
      [
        contest(
          'castore',
          async ({ postgres }: Servers) => (await import('./castore.ts')).castorePostgres(postgres),
          ours,
        ),
        contest(
          'emmett',
          async ({ postgres }: Servers) => (await import('./emmett.ts')).emmettPostgres(postgres),
          ours,
        ),
        contest(
          'dcb-es',
          async ({ postgres }: Servers) => (await import('./dcb-es.ts')).dcbPostgres(postgres),
          ours,
        ),
        contest(
          'message-db',
          async ({ postgres }: Servers) => (await import('./message-db.ts')).messageDb(postgres),
          ours,
        ),
      ].flatMap(comparisonsOf),
    ),
  }),
]

function contest<Place>(
  rival: string,
  openRival: (place: Place) => Promise<Rival>,
  ours: Ours<Place>,
): Contest<Place> {
  return { rival, openRival, ...ours }
}

async function openServers(): Promise<Servers> {
  await using stack = new AsyncDisposableStack()
  const postgres = stack.use(await startPostgres())
  const server = stack.use(await startNatsServer({ config: 'jetstream { sync_interval: always }' }))
  const moved = stack.move()
  return { postgres, nats: server, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}

interface OurPlace {
  readonly backend: Parameters<typeof openStore>[0]
  close?(): Promise<void>
}

function oursOn<Place = unknown>(
  ours: string,
  make: (place: Place) => Promise<OurPlace>,
): Ours<Place> {
  const opened = (open: typeof openStore) => async (place: Place) => {
    const { backend, close = async () => undefined } = await make(place)
    return open(backend, close)
  }
  return { ours, openStore: opened(openStore), openActors: opened(openActors) }
}
