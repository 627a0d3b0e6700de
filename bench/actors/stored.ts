import { randomUUID } from 'node:crypto'
import { jetstream } from '@nats-io/jetstream'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { type NatsServer, startNatsServer } from '../../test/support/nats.ts'
import { type Contender, contender, inFlight, speed } from '../comparison.ts'
import { group } from '../group.ts'
import { openPlace } from '../jetstream-place.ts'
import { openActors } from '../rivals/ours.ts'
import { placed } from '../sample.ts'
import { scaled } from '../scale.ts'
import { rawTransactions } from '../sqlite.ts'
import { bodyOfCommit } from '../stored-commit.ts'
import { temporaryFile } from '../temporary-file.ts'
import type { Askable } from './asking.ts'

const width = 256
const manyActors = 1_000

export const storedActorGroup = group<NatsServer>({
  name: 'Actors: commands on SQLite and JetStream',
  remarks: [
    'Each command stores an event. SQLite with WAL and `synchronous = FULL` on both sides: on disk when it is answered.',
    'On SQLite a run is 60,000 commands or 3,000 transactions, some 0.45 s of either: in a third of that, one slow sync of the disk decided the run, and ours was still warming up.',
    'One nats-server, one replica, with its default `sync_interval` for both sides.',
    'A publish, a transaction and an append of the reference have the same event as a command of ours; the bytes of a publish are those that ours stores for one command.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    {
      name: 'one hot actor on SQLite, 256 in flight, against a raw fsynced transaction a command',
      unit: 'commands/s',
      target: { atLeast: 20 },
      start: async () => ({
        ours: commands(await onSqlite(), 1, scaled(60_000)),
        reference: await rawTransactions(scaled(3_000)),
      }),
    },
    {
      name: 'one hot actor on JetStream, 256 in flight, against one raw conditional publish at a time',
      unit: 'commands/s',
      target: { atLeast: 20 },
      start: async ({ url }) => ({
        ours: commands(await onJetStream(url), 1, scaled(20_000)),
        reference: await publishes(url, scaled(1_000)),
      }),
    },
    {
      name: '1,000 actors on JetStream, 256 in flight, against appends to the store',
      unit: 'commands/s',
      target: { atLeast: 0.8 },
      start: async ({ url }) => ({
        ours: commands(await onJetStream(url), manyActors, scaled(20_000)),
        reference: await appends(url, scaled(20_000)),
      }),
    },
  ],
})

async function onSqlite(): Promise<Askable> {
  const { file, remove } = await temporaryFile('events.db')
  return openActors(sqlite(file), remove)
}

function onJetStream(url: string): Promise<Askable> {
  return openActors(nats({ servers: url, namespace: randomUUID() }), async () => undefined)
}

/** The same actors in each run, in turn. */
function commands(actors: Askable, actorCount: number, count: number): Contender {
  return contender(
    () => speed(() => inFlight(count, width, (index) => actors.command(`a${index % actorCount}`))),
    async () => actors[Symbol.asyncDispose](),
  )
}

/** One after the other, each behind the one before. */
async function publishes(url: string, count: number): Promise<Contender> {
  const place = await openPlace(url)
  const client = jetstream(place.connection)
  const subject = place.subjects.of('order-a0')
  const body = bodyOfCommit({ actorId: 'order-a0' })
  let lastSubjectSequence = 0
  const publish = async (): Promise<void> => {
    const expect = { lastSubjectSequence }
    const { seq } = await client.publish(subject, body, { msgID: randomUUID(), expect })
    lastSubjectSequence = seq
  }
  return contender(
    () => speed(() => inFlight(count, 1, publish)),
    async () => place[Symbol.asyncDispose](),
  )
}

/** The events that the commands would store, in the same order, behind the same versions. */
async function appends(url: string, count: number): Promise<Contender> {
  const place = await openPlace(url)
  const versions = Array.from({ length: manyActors }, () => 0)
  const append = async (index: number): Promise<void> => {
    const key = index % manyActors
    const expectedVersion = versions[key] as number
    const { ok } = await place.store.append(`order-a${key}`, [placed], { expectedVersion })
    if (!ok) throw new Error(`a conflict behind version ${expectedVersion}`)
    versions[key] = expectedVersion + 1
  }
  return contender(
    () => speed(() => inFlight(count, width, append)),
    async () => place[Symbol.asyncDispose](),
  )
}
