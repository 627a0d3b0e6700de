import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { ActorId } from '../../src/core/index.ts'
import type { Append, EventStore } from '../../src/store/index.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'
import { Wire } from './wire.ts'

const requestTimeoutMs = 500
const retryForMs = 1_500
/** Until then the server is silent to the first step of a write, and from then on to the next. */
const silentMs = 1_200
/** A write may take its time and the request that is under way then; two steps with a time each took 3,200. */
const longestMs = retryForMs + requestTimeoutMs + 400

let server: ServerOfTests['server']
let namespaces = 0

useServer({}, (started) => ({ server } = started))

async function scene(): Promise<{ store: EventStore; observer: EventStore; wire: Wire }> {
  const namespace = `write-time-${namespaces++}`
  const wire = await Wire.to(server.port)
  const options = { namespace, durability: 'trust', requestTimeoutMs, retryForMs } as const
  const store = await nats({ servers: wire.url, ...options }).openStore()
  const observer = await nats({ servers: server.url, ...options }).openStore()
  onTestFinished(async () => {
    wire.release()
    await Promise.all([store.close(), observer.close()])
    await wire[Symbol.asyncDispose]()
  })
  return { store, observer, wire }
}

function part(actorId: ActorId, expectedVersion: number): Append {
  return { actorId, events: [{ type: 'A', data: 1 }], expectedVersion }
}

/** What it came to, where the server answers one step of it late, and the next one not at all. */
async function failure(
  wire: Wire,
  silence: 'requests' | 'answers',
  write: () => Promise<unknown>,
): Promise<{ readonly error: unknown; readonly tookMs: number }> {
  const since = performance.now()
  wire.hold(silence)
  const failing = write().then(
    () => undefined,
    (error: unknown) => ({ error, tookMs: performance.now() - since }),
  )
  await sleep(silentMs)
  wire.release()
  wire.hold('requests')
  return (await failing) ?? expect.fail('it was stored')
}

test.for([
  ['an append', 1],
  ['a commit', 2],
] as const)(
  '%s ends in its time where asking for the version took most of it',
  async ([, count]) => {
    const { store, observer, wire } = await scene()
    const ids = ['thing-1', 'thing-2'].slice(0, count) as ActorId[]
    await observer.commit(ids.map((id) => part(id, 0)))
    const parts = ids.map((id) => part(id, 1))
    const { error, tookMs } = await failure(wire, 'requests', () => store.commit(parts))
    expect(error).toMatchObject({ code: 'outcome-unknown' })
    expect(tookMs).toBeLessThan(longestMs)
  },
)

test.for([
  ['an append', 1],
  ['a commit', 2],
] as const)(
  '%s ends in its time where it can not be looked up what became of it',
  async ([, count]) => {
    const { store, observer, wire } = await scene()
    const parts = (['thing-1', 'thing-2'] as const).slice(0, count).map((id) => part(id, 0))
    const { error, tookMs } = await failure(wire, 'answers', () => store.commit(parts))
    expect(error).toMatchObject({ code: 'outcome-unknown' })
    expect(tookMs).toBeLessThan(longestMs)
    expect(await observer.latestVersion('thing-1')).toBe(1)
  },
)
