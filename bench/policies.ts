import { randomUUID } from 'node:crypto'
import { actor, type Backend, open, policy } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import * as z from 'zod'
import { type NatsServer, startNatsServer } from '../test/support/nats.ts'
import { type Contender, contender, medianMicroseconds } from './comparison.ts'
import { group } from './group.ts'
import { scaled } from './scale.ts'
import { temporaryFile } from './temporary-file.ts'

const numbered = z.object({ n: z.number() })

const Order = actor('order', {
  state: { last: 0 },
  events: { Placed: numbered },
  evolve: { Placed: (_s, e) => ({ last: e.n }) },
  commands: { place: { input: numbered, decide: (_s, c, on) => on.Placed(c) } },
})

const Stock = actor('stock', {
  state: { reserved: 0 },
  events: { Reserved: numbered },
  evolve: { Reserved: (s) => ({ reserved: s.reserved + 1 }) },
  commands: { reserve: { input: numbered, decide: (_s, c, on) => on.Reserved(c) } },
})

const ReserveStock = policy({
  name: 'reserve-stock',
  actors: [Order],
  on: {
    Placed: async ({ key, data }, ctx) => {
      await ctx.get(Stock, key).reserve(data)
    },
  },
})

const hops = scaled(1_000)
/** In turn, so that most of them are in memory, as in a shop. */
const actors = 100

export const policyGroup = group<NatsServer>({
  name: 'Policies',
  remarks: [
    'A hop: a command is sent, its event stored; the policy is told, sends a command, and its event is stored. Against two appends of the same events to the store, one after the other.',
    'SQLite with WAL and `synchronous = FULL`; one nats-server, one replica, with its default `sync_interval`.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    {
      name: 'event → command → event on SQLite, p50, against two appends',
      unit: 'µs',
      target: { atMost: 2 },
      start: async () => ({
        ours: await hopsOn(...(await inFile())),
        reference: await appendsOn(...(await inFile())),
      }),
    },
    {
      name: 'event → command → event on JetStream, p50, against two appends',
      unit: 'µs',
      target: { atMost: 2 },
      start: async ({ url }) => ({
        ours: await hopsOn(onServer(url)),
        reference: await appendsOn(onServer(url)),
      }),
    },
  ],
})

async function inFile(): Promise<[Backend, () => Promise<void>]> {
  const { file, remove } = await temporaryFile('events.db')
  return [sqlite(file), remove]
}

function onServer(url: string): Backend {
  return nats({ servers: url, namespace: randomUUID(), durability: 'trust' })
}

async function hopsOn(backend: Backend, remove = async () => {}): Promise<Contender> {
  const node = await open({ backend, actors: [Order, Stock], policies: [ReserveStock] })
  let arrived = (): void => {}
  const listening = node.events.onStored((events) => {
    if (events.some(({ type }) => type === 'Reserved')) arrived()
  })
  const hop = async (n: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    arrived = resolve
    await node.get(Order, `o-${n % actors}`).place({ n })
    await promise
  }
  return contender(
    () => medianMicroseconds(hops, hop),
    async () => {
      listening[Symbol.dispose]()
      await node.close()
      await remove()
    },
  )
}

async function appendsOn(backend: Backend, remove = async () => {}): Promise<Contender> {
  const store = await backend.openStore()
  const versions = Array.from({ length: actors }, () => 0)
  const append = async (n: number): Promise<void> => {
    const key = n % actors
    const expectedVersion = versions[key] ?? 0
    versions[key] = expectedVersion + 1
    for (const [id, type] of [
      ['order', 'Placed'],
      ['stock', 'Reserved'],
    ] as const)
      await store.append(`${id}-o-${key}`, [{ type, data: { n } }], { expectedVersion })
  }
  return contender(
    () => medianMicroseconds(hops, append),
    async () => {
      await store.close()
      await remove()
    },
  )
}
