import { randomUUID } from 'node:crypto'
import { actor, type Backend, type Node, open } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import * as z from 'zod'
import { type NatsServer, startNatsServer } from '../test/support/nats.ts'
import { type Comparison, type Contender, contender, inFlight, speed } from './comparison.ts'
import { group } from './group.ts'
import { scaled } from './scale.ts'
import { temporaryFile } from './temporary-file.ts'

const numbered = z.object({ n: z.number() })

const Bell = actor('bell', {
  state: { last: 0 },
  events: { Rung: numbered },
  evolve: { Rung: (_s, e) => ({ last: e.n }) },
  commands: { ring: { input: numbered, decide: (_s, c, on) => on.Rung(c) } },
})

type Bells = Node<typeof Bell>

const together = scaled(500)
const spread = scaled(500)
/** What a node delivers at once, as its limits are. */
const deliveries = 32
/** From one that is due to the next, where they come one by one. */
const stepMs = 10
/** Scheduling takes so long at most; what takes longer fails. */
const leadMs = 5_000

export const reminderGroup = group<NatsServer>({
  name: 'Reminders',
  remarks: [
    `Each of ${together} actors is reminded of a command at one time; against the same commands, sent directly, ${deliveries} at a time. What is late is so by the time that its event is stored: of ${spread} that are due one by one, ${stepMs} ms apart.`,
    'SQLite with WAL and `synchronous = FULL`; one nats-server, one replica, with its default `sync_interval`.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    ...comparisonsOn('SQLite', () => inFile()),
    ...comparisonsOn('JetStream', async ({ url }) => [onServer(url)]),
  ],
})

type Place = readonly [backend: Backend, remove?: () => Promise<void>]

function comparisonsOn(
  name: string,
  placeOn: (server: NatsServer) => Promise<Place>,
): readonly Comparison<NatsServer>[] {
  return [
    {
      name: `${together} reminders due at once on ${name}, against commands`,
      unit: 'commands/s',
      start: async (server) => ({
        ours: await bellsOn(await placeOn(server), rungTogether),
        reference: await bellsOn(await placeOn(server), rungDirectly),
      }),
    },
    {
      name: `how late a reminder is on ${name}, p99`,
      unit: 'ms',
      start: async (server) => ({ ours: await bellsOn(await placeOn(server), rungOneByOne) }),
    },
  ]
}

async function inFile(): Promise<Place> {
  const { file, remove } = await temporaryFile('events.db')
  return [sqlite(file), remove]
}

function onServer(url: string): Backend {
  return nats({ servers: url, namespace: randomUUID(), durability: 'trust' })
}

async function bellsOn(
  [backend, remove = async () => {}]: Place,
  run: (node: Bells) => ReturnType<Contender['run']>,
): Promise<Contender> {
  const node = await open({ backend, actors: [Bell] })
  return contender(
    () => run(node),
    async () => {
      await node.close()
      await remove()
    },
  )
}

async function rungDirectly(node: Bells): ReturnType<Contender['run']> {
  return speed(() => inFlight(together, deliveries, (n) => node.get(Bell, `b-${n}`).ring({ n })))
}

async function rungTogether(node: Bells): ReturnType<Contender['run']> {
  const begin = Date.now() + leadMs
  const rung = await ringing(node, together, () => begin)
  return { value: together / ((Math.max(...rung) - begin) / 1_000) }
}

async function rungOneByOne(node: Bells): ReturnType<Contender['run']> {
  const begin = Date.now() + leadMs
  const dueOf = (n: number): number => begin + n * stepMs
  const rung = await ringing(node, spread, dueOf)
  const late = rung.map((time, n) => time - dueOf(n)).toSorted((a, b) => a - b)
  return { value: late[Math.ceil(late.length * 0.99) - 1]! }
}

/** Schedules so many, and tells when each had rung. */
async function ringing(
  node: Bells,
  count: number,
  dueOf: (n: number) => number,
): Promise<readonly number[]> {
  const rung = Array.from({ length: count }, () => 0)
  let left = count
  const { promise, resolve } = Promise.withResolvers<void>()
  using _ = node.events.onStored((events) => {
    for (const { data } of events) {
      rung[numbered.parse(data).n] = Date.now()
      if (--left === 0) resolve()
    }
  })
  await inFlight(count, deliveries, (n) =>
    node.schedule(
      node.get(Bell, `b-${n}`),
      'ring',
      { n },
      { name: 'ring', at: new Date(dueOf(n)) },
    ),
  )
  if (Date.now() >= dueOf(0)) throw new Error(`scheduling took longer than ${leadMs} ms`)
  // Waiting for a reminder keeps no process alive.
  const alive = setInterval(() => undefined, 1_000)
  await promise
  clearInterval(alive)
  return rung
}
