import { connect, headers } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { type ActorId, isAetherError } from '../../src/core/index.ts'
import {
  type Append,
  type CommitResult,
  type EventStore,
  verifyStore,
} from '../../src/store/index.ts'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'
import { Wire } from './wire.ts'

const maxPayload = 100_000

let server: ServerOfTests['server']
let raw: ServerOfTests['raw']
let namespaces = 0

useServer({ maxPayload }, (started) => ({ server, raw } = started))

type Patience = Pick<NatsOptions, 'requestTimeoutMs' | 'retryForMs'>

interface Scene {
  readonly store: EventStore
  readonly wire: Wire
  /** Reaches the server directly. */
  readonly observer: EventStore
  /** How many atomic batches came to the server. */
  readonly batches: () => Promise<number>
}

async function scene(patience: Patience = { requestTimeoutMs: 20_000 }): Promise<Scene> {
  const namespace = `grouped-${namespaces++}`
  const wire = await Wire.to(server.port)
  const options: Partial<NatsOptions> = { namespace, durability: 'trust', ...patience }
  const store = await nats({ servers: wire.url, ...options }).openStore()
  const observer = await nats({ servers: server.url, ...options }).openStore()
  let batches = 0
  raw.subscribe(`aether.${namespace}.event.>`, {
    callback: (_, { headers }) => void (batches += headers?.has('Nats-Batch-Commit') ? 1 : 0),
  })
  await raw.flush()
  onTestFinished(async () => {
    await Promise.all([store.close(), observer.close()])
    await wire[Symbol.asyncDispose]()
  })
  return {
    store,
    wire,
    observer,
    async batches() {
      await raw.flush()
      return batches
    },
  }
}

function part(actorId: ActorId, expectedVersion: number, data: unknown = actorId): Append {
  return { actorId, events: [{ type: 'A', data }], expectedVersion }
}

/** From one actor to another, of which nobody else knows. */
function pair(number: number): Append[] {
  return [part(`from-${number}`, 0), part(`to-${number}`, 0)]
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** What was told of it is so, and nothing else is there. */
async function expectStored(store: EventStore, results: readonly CommitResult[]): Promise<void> {
  const told = results.flatMap((result) =>
    result.ok ? result.appends.flatMap((a) => a.events) : [],
  )
  const log = await Array.fromAsync(store.readAll())
  expect(log).toEqual(told.toSorted((a, b) => a.position - b.position))
  expect(await Array.fromAsync(verifyStore(store))).toEqual([])
}

test('those that are sent at once share batches, and each stands where it was told', async () => {
  const { store, batches } = await scene()
  const results = await Promise.all(numbers(300).map((number) => store.commit(pair(number))))
  expect(results.every(({ ok }) => ok)).toBe(true)
  await expectStored(store, results)
  expect(await batches()).toBeGreaterThan(0)
  expect(await batches()).toBeLessThan(10)
})

test('one that is in conflict, or too large, takes nobody with it', async () => {
  const { store } = await scene()
  const large = [part('large-1', 0, 'x'.repeat(maxPayload)), part('large-2', 0)]
  const refused = expect(store.commit(large)).rejects.toMatchObject({ code: 'too-large' })
  const results = await Promise.all(
    numbers(40).map((number) =>
      store.commit(
        number % 13 === 7 ? [part('late-1', 5), part(`late-${number}`, 0)] : pair(number),
      ),
    ),
  )
  await refused
  expect(results.flatMap(({ ok }, number) => (ok ? [] : [number]))).toEqual([7, 20, 33])
  expect(results[7]).toMatchObject({ conflict: { actorId: 'late-1', currentVersion: 0 } })
  await expectStored(store, results)
})

test('of those that meet at an actor, the first is stored', async () => {
  const { store } = await scene()
  const results = await Promise.all(
    numbers(20).map((number) =>
      store.commit([part(`hot-${number % 5}`, 0), part(`other-${number}`, 0)]),
    ),
  )
  expect(results.map(({ ok }) => ok)).toEqual(numbers(20).map((number) => number < 5))
  await expectStored(store, results)
})

test('those that go anywhere are all stored', async () => {
  const { store } = await scene()
  const anywhere = (id: ActorId): Append => ({ ...part(id, 0), expectedVersion: 'any' })
  const results = await Promise.all(
    numbers(20).map((number) =>
      store.commit([anywhere(`hot-${number % 5}`), anywhere(`hot-${(number + 1) % 5}`)]),
    ),
  )
  expect(results.every(({ ok }) => ok)).toBe(true)
  await expectStored(store, results)
})

test('those that guard the same actor go together, and none behind its change', async () => {
  const { store, batches } = await scene()
  await store.append('prices-main', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  const guard: Append = { actorId: 'prices-main', events: [], expectedVersion: 1 }
  const pay = (number: number): Promise<CommitResult> =>
    store.commit([part(`payer-${number}`, 0), guard])
  const before = await Promise.all(numbers(20).map(pay))
  expect(before.every(({ ok }) => ok)).toBe(true)
  expect(await batches()).toBeGreaterThan(0)
  expect(await batches()).toBeLessThan(4)
  const some = numbers(10).map((number) => pay(100 + number))
  const change = store.commit([part('prices-main', 1), part('prices-log', 0)])
  const late = numbers(10).map((number) => pay(200 + number))
  const results = await Promise.all([...some, change, ...late])
  expect(results.map(({ ok }) => ok)).toEqual(numbers(21).map((index) => index <= 10))
  expect(await Array.fromAsync(verifyStore(store))).toEqual([])
})

test.for(['answers', 'requests'] as const)(
  'where their %s are lost, each finds out for itself what became of it',
  async (lost) => {
    const { store, wire, observer } = await scene()
    await store.commit(pair(0))
    wire.hold(lost)
    const committing = numbers(20).map((number) => store.commit(pair(number + 1)))
    if (lost === 'answers') {
      await until(async () => (await observer.latestVersion('to-20')) === 1, {
        description: 'all are stored',
      })
    } else {
      await until(() => wire.heldChunks > 0, { description: 'they are on their way' })
      // Somebody is faster with one of them.
      await observer.commit([part('from-7', 0, 'another'), part('other-7', 0)])
    }
    wire.cut()
    wire.mend()
    const results = await Promise.all(committing)
    const conflicts = results.flatMap(({ ok }, index) => (ok ? [] : [index + 1]))
    expect(conflicts).toEqual(lost === 'answers' ? [] : [7])
    for (const number of numbers(20)) {
      const versions = [`from-${number + 1}`, `to-${number + 1}`].map((id) =>
        observer.latestVersion(id as ActorId),
      )
      const isOther = lost === 'requests' && number + 1 === 7
      expect(await Promise.all(versions)).toEqual(isOther ? [1, 0] : [1, 1])
    }
    expect(await Array.fromAsync(verifyStore(observer))).toEqual([])
  },
)

describe('where a server fails in the middle of a commit, it', () => {
  /** A commit that was sent and never came, and what stores its parts: a message each. */
  async function torn() {
    const { store, wire, observer } = await scene({ requestTimeoutMs: 20_000, retryForMs: 1_000 })
    await store.commit(pair(0))
    wire.hold('requests')
    const committing = store.commit(pair(1))
    const message = /HPUB (\S+) .*\r\n(?:[^\r]+\r\n)+\r\n(.*)\r\n/g
    await until(() => wire.held.match(message)?.length === 2, { description: 'both are sent' })
    const [first, second] = [...wire.held.matchAll(message)].map(([, subject = '', body]) => {
      const sent = headers()
      sent.set('Nats-Expected-Last-Subject-Sequence', '0')
      sent.set('Aether-Version', '1')
      return () => raw.request(subject, body, { headers: sent, timeout: 5_000 })
    })
    await first?.()
    wire.cut()
    wire.mend()
    return { committing, second, observer }
  }

  test('is not taken for stored', async () => {
    const { committing, observer } = await torn()
    await expect(committing).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(await Array.fromAsync(verifyStore(observer))).toHaveLength(1)
  })

  test('is stored once the rest of it is there', async () => {
    const { committing, second, observer } = await torn()
    await second?.()
    expect(await committing).toMatchObject({ ok: true, duplicate: false })
    expect(await Array.fromAsync(verifyStore(observer))).toEqual([])
  })
})

describe('where nothing is answered', () => {
  const requestTimeoutMs = 300
  const retryForMs = 600
  /** Its time and two requests are half of it; one after the other, all took longer. */
  const longestMs = 2_400

  /** What each came to, and how long it took until all knew. */
  async function failed(
    committing: readonly Promise<CommitResult>[],
  ): Promise<{ readonly codes: readonly string[]; readonly tookMs: number }> {
    const since = performance.now()
    const ends = await Promise.allSettled(committing)
    const codes = ends.map((end) =>
      end.status === 'rejected' && isAetherError(end.reason) ? end.reason.code : end.status,
    )
    return { codes, tookMs: performance.now() - since }
  }

  test('nobody waits for long behind others, and who was never sent is told so', async () => {
    const { store, wire, observer } = await scene({ requestTimeoutMs, retryForMs })
    await store.commit(pair(0))
    wire.hold('requests')
    // Each of them takes a batch of its own.
    const large = (name: string): Append[] =>
      numbers(150).map((number) => part(`${name}-${number}`, 0))
    const names = numbers(10).map((number) => `large${number}`)
    const { codes, tookMs } = await failed(names.map((name) => store.commit(large(name))))
    expect(tookMs).toBeLessThan(longestMs)
    expect(codes[0]).toBe('outcome-unknown')
    expect(codes.slice(3)).toEqual(numbers(7).map(() => 'store-unavailable'))
    wire.release()
    await store.commit(pair(1))
    for (const [index, name] of names.entries())
      if (codes[index] === 'store-unavailable')
        expect(await observer.latestVersion(`${name}-0`)).toBe(0)
    expect(await Array.fromAsync(verifyStore(observer))).toEqual([])
  })

  test('nobody waits for long to be repeated, and who comes later is not kept waiting by that', async () => {
    const { store, wire } = await scene({ requestTimeoutMs, retryForMs })
    await store.commit(pair(0))
    wire.hold('requests')
    const unlucky = failed(numbers(90).map((number) => store.commit(pair(number + 1))))
    await until(() => wire.heldChunks > 0, { description: 'they are on their way' })
    const later = failed([store.commit(pair(100))])
    const ends = await Promise.all([unlucky, later])
    for (const { codes, tookMs } of ends) {
      expect(new Set(codes)).toEqual(new Set(['outcome-unknown']))
      expect(tookMs).toBeLessThan(longestMs)
    }
  })
})

test('those that another process is in the way of for a moment are tried again together', async () => {
  await using cluster = await startNatsCluster()
  await using stack = new AsyncDisposableStack()
  const options = { servers: cluster.urls, durability: 'trust', replicas: 3 } as const
  const stores = await Promise.all([0, 1].map(() => nats(options).openStore()))
  for (const store of stores) stack.use(store)
  await stores[0]?.commit([part('prices-main', 0)])
  await using own = await connect({ servers: [...cluster.urls] })
  let batches = 0
  own.subscribe('aether.default.event.>', {
    callback: (_, message) => void (batches += message.headers?.has('Nats-Batch-Commit') ? 1 : 0),
  })
  await own.flush()
  // While one guards an actor, three replicas refuse all others who do.
  const guard: Append = { actorId: 'prices-main', events: [], expectedVersion: 1 }
  const pay = async (payer: number): Promise<void> => {
    for (const number of numbers(20)) {
      const paid = part(`payer-${payer}-${number}`, 0)
      expect(await stores[payer % 2]?.commit([paid, guard])).toMatchObject({ ok: true })
    }
  }
  await Promise.all(numbers(64).map(pay))
  await own.flush()
  expect(batches).toBeLessThan(400)
})

test('those that wait for a connection are told when the store is closed', async () => {
  const { store, wire } = await scene()
  await store.commit(pair(0))
  wire.cut()
  await until(() => wire.refused > 0, { description: 'the cut is noticed' })
  const ends = Promise.allSettled(numbers(10).map((number) => store.commit(pair(number + 1))))
  await store.close()
  for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'closed' } })
})

test('where the server takes fewer messages at once, they are halved until it takes them', async () => {
  await using small = await startNatsServer({
    config: 'jetstream { limits { batch { max_msgs: 10 } } }',
  })
  await using store = await nats({ servers: small.url, durability: 'trust' }).openStore()
  const large = store.commit(numbers(11).map((number) => part(`large-${number}`, 0)))
  const refused = expect(large).rejects.toMatchObject({ code: 'too-large' })
  const results = await Promise.all(numbers(40).map((number) => store.commit(pair(number))))
  await refused
  expect(results.every(({ ok }) => ok)).toBe(true)
  await expectStored(store, results)
})

test('where the server has no room, all are told at once', async () => {
  await using full = await startNatsServer({ config: 'jetstream { max_file_store: 2MB }' })
  await using store = await nats({ servers: full.url, durability: 'trust' }).openStore()
  await using own = await connect({ servers: full.url })
  let batches = 0
  own.subscribe('aether.default.event.>', {
    callback: (_, { headers }) => void (batches += headers?.has('Nats-Batch-Commit') ? 1 : 0),
  })
  await own.flush()
  const fill = async (): Promise<void> => {
    for (let number = 0; ; number++)
      await store.commit([part(`filler-${number}`, 0, 'x'.repeat(100_000))])
  }
  await expect(fill()).rejects.toMatchObject({ code: 'store-unavailable' })
  const ends = await Promise.allSettled(numbers(30).map((number) => store.commit(pair(number))))
  for (const end of ends)
    expect(end.status === 'rejected' && String(end.reason)).toContain('look at the disks')
  await own.flush()
  expect(batches).toBe(1)
})

test('one that is too large for the server by the time it is sent keeps nobody waiting', async () => {
  await using shrinking = await startNatsServer()
  await using wire = await Wire.to(shrinking.port)
  await using store = await nats({ servers: wire.url, durability: 'trust' }).openStore()
  const first = await store.commit(pair(0))
  wire.cut()
  await until(() => wire.refused > 0, { description: 'the cut is noticed' })
  const tooLarge = { code: 'too-large', message: expect.stringContaining('at most 65536') }
  const large = 'x'.repeat(100_000)
  const refused = [
    store.append('large-1', [{ type: 'A', data: large }], { expectedVersion: 0 }),
    store.commit([part('large-2', 0), part('large-3', 0, large)]),
  ].map((sent) => expect(sent).rejects.toMatchObject(tooLarge))
  const others = Promise.all(numbers(10).map((number) => store.commit(pair(number + 1))))
  // The last one of a batch, by which the server hears that the batch is whole.
  const last = store.commit([part('large-4', 0), part('large-5', 0, large)])
  refused.push(expect(last).rejects.toMatchObject(tooLarge))
  await shrinking.reload('max_payload: 65536')
  wire.mend()
  await Promise.all(refused)
  await expectStored(store, [first, ...(await others)])
})
