import { randomUUID } from 'node:crypto'
import { open } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import type { Backend } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../../test/support/nats.ts'
import { type Comparison, contender, inFlight, type Pair, speed } from '../comparison.ts'
import { group } from '../group.ts'
import { Order } from '../rivals/ours.ts'
import { placed } from '../sample.ts'
import { isTrial } from '../scale.ts'
import { temporaryFile } from '../temporary-file.ts'

const actorCount = isTrial ? 200 : 1_000
const eventsOfActor = 10
const fillWidth = 64

interface Opened {
  readonly backend: Backend
  close?(): Promise<void>
}

export const coldActorGroup = group<NatsServer>({
  name: 'Actors: cold activations',
  remarks: [
    `${actorCount.toLocaleString('en')} actors of ${eventsOfActor} events, a commit each, are asked in turn for what decides nothing and stores nothing; so few may live that each one is loaded again.`,
    'The reference reads the same events from the same store. What is ours, not the store’s, is 1 − ratio: a ratio of 0.7 is a share of 30 %.',
  ],
  open: () => startNatsServer(),
  comparisons: [1, 64].flatMap((width) => [
    activations('SQLite', width, onSqlite),
    activations('JetStream', width, onJetStream),
  ]),
})

function activations(
  name: string,
  width: number,
  make: (server: NatsServer) => Promise<Opened>,
): Comparison<NatsServer> {
  return {
    name: `cold activation on ${name}, ${width} in flight, against reading its ${eventsOfActor} events`,
    unit: 'actors/s',
    target: { atLeast: 0.7 },
    start: async (server) => activating(await make(server), width),
  }
}

async function activating({ backend, close }: Opened, width: number): Promise<Pair> {
  // Fewer than there are by far, so that whoever is next in turn was let go.
  const node = await open({ backend, actors: [Order], limits: { liveActors: 2 * width } })
  const store = node.events
  const fill = async (actor: number): Promise<void> => {
    for (let expectedVersion = 0; expectedVersion < eventsOfActor; expectedVersion++)
      await store.append(`order-a${actor}`, [placed], { expectedVersion })
  }
  const activate = async (actor: number): Promise<void> => {
    const { version } = await node.get(Order, `a${actor}`).check()
    checkCount(version)
  }
  const read = async (actor: number): Promise<void> => {
    let events = 0
    for await (const _ of store.read(`order-a${actor}`)) events++
    checkCount(events)
  }
  await inFlight(actorCount, fillWidth, fill)
  return {
    ours: contender(
      () => speed(() => inFlight(actorCount, width, activate)),
      async () => {
        await node.close()
        await close?.()
      },
    ),
    reference: contender(() => speed(() => inFlight(actorCount, width, read))),
  }
}

function checkCount(events: number): void {
  if (events !== eventsOfActor) throw new Error(`read ${events} events, not ${eventsOfActor}`)
}

async function onSqlite(): Promise<Opened> {
  const { file, remove } = await temporaryFile('events.db')
  return { backend: sqlite(file), close: remove }
}

async function onJetStream({ url }: NatsServer): Promise<Opened> {
  return { backend: nats({ servers: url, namespace: randomUUID() }) }
}
