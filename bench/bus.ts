import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type ActorId, type BusMessage, type EventBus, type EventStore, openEventBus } from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { type NatsServer, startNatsServer } from '../test/support/nats.ts'
import { type Comparison, type Contender, contender, inFlight, speed } from './comparison.ts'
import { group } from './group.ts'
import { data, placed } from './sample.ts'
import { scaled } from './scale.ts'

export const busGroup = group<NatsServer>({
  name: 'Bus',
  remarks: [
    'In the process: each of 10 subscribers filters by namespace, two types and the key of the actor; four of ten',
    'messages pass one of them. Every message is made anew, with data of 260 bytes. Ours checks it, and gives it an id',
    'and a time; the emitter hands over what it gets.',
    'Over NATS: one connection publishes, another hears, in one process; both write and parse the same JSON.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    inProcess(),
    overNats(),
    announcing(1, scaled(3_000)),
    announcing(64, scaled(20_000)),
  ],
})

const types = Array.from({ length: 10 }, (_, index) => `Type${index}`)
const typeOf = (index: number): string => types[index % types.length] as string
const actorIdOf = (index: number): ActorId => `order-${index % 1_000}`

/** What the subscriber of this number wants, for both. */
function wanted(number: number): { types: string[]; keyBegins: string } {
  return { types: [typeOf(number), typeOf(number + 1)], keyBegins: String(number % 5) }
}

function inProcess(): Comparison<NatsServer> {
  const count = scaled(300_000)
  return {
    name: "one publisher and 10 subscribers with filters in the process, against Node's EventEmitter with the same filters by hand",
    unit: 'messages/s',
    target: { atLeast: 0.5 },
    start: async () => ({ ours: await busInProcess(count), reference: emitter(count) }),
  }
}

async function busInProcess(count: number): Promise<Contender> {
  const store = await memory().openStore()
  const bus = openEventBus(store)
  let heard = 0
  for (let number = 0; number < 10; number++) {
    const { types: eventTypes, keyBegins } = wanted(number)
    const filter = { namespace: 'shop.*', eventTypes, key: `${keyBegins}*` }
    bus.subscribe(filter, () => heard++)
  }
  const publish = (index: number): void => {
    bus.publish({
      namespace: 'shop.orders',
      type: typeOf(index),
      actorId: actorIdOf(index),
      data: { ...data, amount: index },
    })
  }
  return contender(
    () => speed(async () => all(count, publish, () => heard)),
    async () => {
      await bus.close()
      await store.close()
    },
  )
}

type Emitted = Pick<BusMessage, 'namespace' | 'type' | 'data'> & { readonly actorId?: ActorId }

function emitter(count: number): Contender {
  const events = new EventEmitter()
  let heard = 0
  for (let number = 0; number < 10; number++) {
    const { types, keyBegins } = wanted(number)
    const eventTypes = new Set(types)
    const namespaces = /^shop\.[^.]+$/
    const keys = new RegExp(`^[^-]*-${keyBegins}`)
    events.on('message', (message: Emitted) => {
      if (!eventTypes.has(message.type) || !namespaces.test(message.namespace)) return
      if (message.actorId !== undefined && keys.test(message.actorId)) heard++
    })
  }
  const publish = (index: number): void => {
    events.emit('message', {
      namespace: 'shop.orders',
      type: typeOf(index),
      actorId: actorIdOf(index),
      data: { ...data, amount: index },
    })
  }
  return contender(() => speed(async () => all(count, publish, () => heard)))
}

/** That both hear as much is what makes them comparable. */
function all(count: number, publish: (index: number) => void, heard: () => number): number {
  const before = heard()
  for (let index = 0; index < count; index++) publish(index)
  const passed = Array.from({ length: count }, (_, index) => index).reduce(
    (sum, index) => sum + passing(index),
    0,
  )
  if (heard() - before !== passed) throw new Error(`${heard() - before} heard, not ${passed}`)
  return count
}

const passingOf = Array.from({ length: 10_000 }, (_, index) => {
  const key = actorIdOf(index).slice('order-'.length)
  const wants = Array.from({ length: 10 }, (__, number) => wanted(number))
  return wants.filter(
    (each) => each.types.includes(typeOf(index)) && key.startsWith(each.keyBegins),
  ).length
})
const passing = (index: number): number => passingOf[index % passingOf.length] as number

function overNats(): Comparison<NatsServer> {
  const count = scaled(100_000)
  return {
    name: 'messages over NATS, against raw publish and subscribe with JSON',
    unit: 'messages/s',
    target: { atLeast: 0.8 },
    start: async ({ url }) => ({
      ours: await busOverNats(url, count),
      reference: await rawNats(url, count),
    }),
  }
}

async function busOverNats(url: string, count: number): Promise<Contender> {
  const backend = nats({ servers: url, namespace: randomUUID(), durability: 'trust' })
  const stores: EventStore[] = [await backend.openStore(), await backend.openStore()]
  const [publisher, hearer] = stores.map((store) => openEventBus(store)) as [EventBus, EventBus]
  const hearing = new Hearing()
  hearer.subscribe('shop.*', () => hearing.hear())
  await hearer.flush()
  const publish = (index: number): void => {
    publisher.publish({
      namespace: 'shop.orders',
      type: typeOf(index),
      actorId: actorIdOf(index),
      data: { ...data, amount: index },
    })
  }
  return contender(
    () => speed(() => hearing.all(count, publish)),
    async () => {
      await publisher.close()
      await hearer.close()
      for (const store of stores) await store.close()
    },
  )
}

async function rawNats(url: string, count: number): Promise<Contender> {
  const options = { servers: url, noAsyncTraces: true }
  const [publisher, hearer] = [await connect(options), await connect(options)]
  const hearing = new Hearing()
  hearer.subscribe('raw.message.>', {
    callback: (_, message) => {
      if (message.json<BusMessage>().namespace === 'shop.orders') hearing.hear()
    },
  })
  await hearer.flush()
  const publish = (index: number): void => publishRaw(publisher, index)
  return contender(
    () => speed(() => hearing.all(count, publish)),
    async () => {
      await publisher.close()
      await hearer.close()
    },
  )
}

/** The same members, as both must be able to tell one from another. */
function publishRaw(connection: NatsConnection, index: number): void {
  const message = {
    id: `raw-${index}`,
    namespace: 'shop.orders',
    type: typeOf(index),
    actorId: actorIdOf(index),
    time: '2026-11-22T00:00:00.000Z',
    data: { ...data, amount: index },
    metadata: {},
  }
  connection.publish(`raw.message.${message.type}.order.shop.orders`, JSON.stringify(message))
}

/** Publishes in portions, so that neither side is asked to hold all of them. */
class Hearing {
  #heard = 0
  #expected = 0
  #enough = Promise.withResolvers<void>()

  hear(): void {
    if (++this.#heard === this.#expected) this.#enough.resolve()
  }

  async all(count: number, publish: (index: number) => void): Promise<number> {
    for (let first = 0; first < count; first += 1_000) {
      const last = Math.min(count, first + 1_000)
      this.#expected = this.#heard + last - first
      this.#enough = Promise.withResolvers()
      for (let index = first; index < last; index++) publish(index)
      await this.#enough.promise
    }
    return count
  }
}

function announcing(width: number, count: number): Comparison<NatsServer> {
  return {
    name: `appends to JetStream, ${width} in flight, with a bus that tells others of them, against one that does not`,
    unit: 'appends/s',
    start: async ({ url }) => ({
      ours: await appends(url, count, width, true),
      reference: await appends(url, count, width, false),
    }),
  }
}

async function appends(
  url: string,
  count: number,
  width: number,
  announceStored: boolean,
): Promise<Contender> {
  const store = await nats({
    servers: url,
    namespace: randomUUID(),
    durability: 'trust',
  }).openStore()
  const bus = openEventBus(store, { announceStored })
  let actors = 0
  const append = (): Promise<unknown> =>
    store.append(`order-${actors++}`, [placed], { expectedVersion: 0 })
  return contender(
    () => speed(() => inFlight(count, width, append)),
    async () => {
      await bus.close()
      await store.close()
    },
  )
}
