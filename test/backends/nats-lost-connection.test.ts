import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import type { ActorId } from '../../src/core/index.ts'
import type { Append, EventStore, ExpectedVersion, ReadOptions } from '../../src/store/index.ts'
import { laterTime } from '../support/later-time.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

const alice: ActorId = 'account-alice'
const opened = { id: 'e-1', type: 'Opened', data: {} }
const deposited = { id: 'e-2', type: 'Deposited', data: { amount: 5 } }

let server: NatsServer
let namespaces = 0

beforeAll(async () => {
  server = await startNatsServer()
})
afterAll(() => server.stop())

interface Scene {
  readonly wire: Wire
  /** Reaches the server over the wire. */
  readonly store: EventStore
  /** Reaches the server directly. */
  readonly observer: EventStore
}

/** Alice's account is opened, and `store` has just done it. */
async function scene(options: Partial<NatsOptions> = {}): Promise<Scene> {
  const namespace = `wire-${namespaces++}`
  const wire = await Wire.to(server.port)
  const store = await nats({ servers: wire.url, namespace, ...options }).openStore()
  const observer = await nats({ servers: server.url, namespace }).openStore()
  onTestFinished(async () => {
    await Promise.all([store.close(), observer.close()])
    await wire[Symbol.asyncDispose]()
  })
  expect(await store.append(alice, [opened], { expectedVersion: 0 })).toMatchObject({ ok: true })
  return { wire, store, observer }
}

async function stored(observer: EventStore): Promise<[number, string][]> {
  const events = await Array.fromAsync(observer.read(alice))
  return events.map((event) => [event.version, event.id])
}

const both: [number, string][] = [
  [1, 'e-1'],
  [2, 'e-2'],
]

describe('an append whose connection breaks', () => {
  test.each([1, 'any'] as const)(
    'after it was stored, at %j: succeeds, stored once',
    async (expectedVersion) => {
      const { wire, store, observer } = await scene()
      wire.hold('answers')
      const appending = store.append(alice, [{ type: 'Noted', data: 7 }], { expectedVersion })
      // An append at 'any' to a remembered actor asks nothing first, so that this one is under way.
      await untilVersion(observer, 2)
      wire.cut()
      wire.mend()
      expect(await appending).toMatchObject({ ok: true, version: 2, duplicate: false })
      expect(await observer.latestVersion(alice)).toBe(2)
    },
  )

  test('before it reached the server: is repeated, and stored once', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('requests')
    const appending = store.append(alice, [deposited], { expectedVersion: 1 })
    await untilSent(wire)
    wire.cut()
    wire.mend()
    expect(await appending).toMatchObject({ ok: true, version: 2, duplicate: false })
    expect(await stored(observer)).toEqual(both)
  })

  test('before it reached the server, and another was faster meanwhile: is a conflict', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('requests')
    const appending = store.append(alice, [{ type: 'Noted', data: 7 }], { expectedVersion: 1 })
    await untilSent(wire)
    await observer.append(alice, [deposited], { expectedVersion: 1 })
    wire.cut()
    wire.mend()
    expect(await appending).toEqual({
      ok: false,
      conflict: { actorId: alice, expectedVersion: 1, currentVersion: 2 },
    })
    expect(await stored(observer)).toEqual(both)
  })

  test('before it reached the server, and another wrote the same meanwhile: is a conflict', async () => {
    const { wire, store, observer } = await scene()
    const same = [{ type: 'Noted', data: 7 }]
    wire.hold('requests')
    const appending = store.append(alice, same, { expectedVersion: 1 })
    await untilSent(wire)
    const faster = await observer.append(alice, same, { expectedVersion: 1 })
    wire.cut()
    wire.mend()
    expect(await appending).toMatchObject({ ok: false, conflict: { currentVersion: 2 } })
    expect(await Array.fromAsync(observer.read(alice, { fromVersion: 2 }))).toEqual(
      faster.ok && faster.events,
    )
  })

  test('after it was stored, and others wrote behind it meanwhile: succeeds all the same', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('answers')
    const appending = store.append(alice, [{ type: 'Noted', data: 7 }], { expectedVersion: 1 })
    await untilVersion(observer, 2)
    await observer.append(alice, [deposited], { expectedVersion: 2 })
    wire.cut()
    wire.mend()
    expect(await appending).toMatchObject({ ok: true, version: 2, duplicate: false })
    expect(await observer.latestVersion(alice)).toBe(3)
  })

  test('after it was stored, and it was removed meanwhile as old: has an unknown outcome', async () => {
    const { wire, store, observer } = await scene({ retention: { keepForMs: 0 } })
    wire.hold('answers')
    const appending = store.append(alice, [deposited], { expectedVersion: 1 })
    const failing = expect(appending).rejects.toMatchObject({ code: 'outcome-unknown' })
    await untilVersion(observer, 2)
    await laterTime()
    await observer.append(alice, [{ type: 'Noted', data: 7 }], { expectedVersion: 2 })
    await laterTime()
    await observer.trim()
    expect(await observer.trimmedVersion(alice)).toBe(2)
    wire.cut()
    wire.mend()
    await failing
  })

  test('for too long: has an unknown outcome, and repeating it is safe', async () => {
    const { wire, store, observer } = await scene({ retryForMs: 200 })
    wire.hold('answers')
    const appending = store.append(alice, [deposited], { expectedVersion: 1 })
    await untilVersion(observer, 2)
    wire.cut()
    await expect(appending).rejects.toMatchObject({ code: 'outcome-unknown', retryable: true })
    wire.mend()
    const repeated = await until(() => store.append(alice, [deposited], { expectedVersion: 1 }), {
      description: 'the store is connected again',
    })
    expect(repeated).toMatchObject({ ok: true, version: 2, duplicate: true })
    expect(await stored(observer)).toEqual(both)
  })

  test('is repeated when its answer is late, and stored once', async () => {
    const { wire, store, observer } = await scene({ requestTimeoutMs: 100 })
    wire.hold('answers')
    const appending = store.append(alice, [deposited], { expectedVersion: 1 })
    await until(() => wire.heldChunks >= 2, { description: 'the append was repeated' })
    wire.release()
    expect(await appending).toMatchObject({ ok: true, version: 2, duplicate: false })
    expect(await stored(observer)).toEqual(both)
  })
})

const bob: ActorId = 'account-bob'
/** Changes one actor, and demands that another is where it was. */
const guarded: Append[] = [
  { actorId: alice, events: [], expectedVersion: 1 },
  { actorId: bob, events: [opened], expectedVersion: 0 },
]

describe('a commit that guards an actor, whose connection breaks', () => {
  test('after it was stored, and that one was changed meanwhile: succeeds all the same', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('answers')
    const committing = store.commit(guarded)
    await until(async () => (await observer.latestVersion(bob)) === 1, {
      description: 'it is stored',
    })
    await observer.append(alice, [deposited], { expectedVersion: 1 })
    wire.cut()
    wire.mend()
    const result = await committing
    expect(result).toMatchObject({ ok: true, appends: [{ version: 1 }, { version: 1 }] })
    const [, ofBob] = await Array.fromAsync(observer.readAll())
    expect(result.ok && result.appends[1]?.events).toEqual([ofBob])
  })

  test('before it reached the server: is repeated, and stored once', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('requests')
    const committing = store.commit(guarded)
    await untilSent(wire)
    wire.cut()
    wire.mend()
    expect(await committing).toMatchObject({ ok: true, duplicate: false })
    expect(await Array.fromAsync(observer.readAll())).toHaveLength(2)
  })
})

describe('a commit over several actors whose connection breaks', () => {
  const transfer = (expectedVersion: ExpectedVersion = 1): Append[] => [
    { actorId: bob, events: [opened], expectedVersion: 0 },
    { actorId: alice, events: [{ type: 'Noted', data: 7 }], expectedVersion },
  ]

  test.each([1, 'any'] as const)(
    'after it was stored, at %j: succeeds, stored once',
    async (expectedVersion) => {
      const { wire, store, observer } = await scene()
      wire.hold('answers')
      const committing = store.commit(transfer(expectedVersion))
      await untilVersion(observer, 2)
      wire.cut()
      wire.mend()
      const result = await committing
      expect(result).toMatchObject({
        ok: true,
        duplicate: false,
        appends: [{ version: 1 }, { version: 2 }],
      })
      const log = await Array.fromAsync(observer.readAll())
      expect(log.slice(1)).toEqual(result.ok && result.appends.flatMap((append) => append.events))
    },
  )

  test('before it reached the server: is repeated, and stored once', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('requests')
    const committing = store.commit(transfer())
    await untilSent(wire)
    wire.cut()
    wire.mend()
    expect(await committing).toMatchObject({ ok: true, duplicate: false })
    expect(await Array.fromAsync(observer.readAll())).toHaveLength(3)
  })

  test('after it was stored, and others wrote behind it meanwhile: succeeds all the same', async () => {
    const { wire, store, observer } = await scene()
    wire.hold('answers')
    const committing = store.commit(transfer())
    await untilVersion(observer, 2)
    await observer.append(alice, [deposited], { expectedVersion: 2 })
    wire.cut()
    wire.mend()
    expect(await committing).toMatchObject({ ok: true, appends: [{ version: 1 }, { version: 2 }] })
    expect(await Array.fromAsync(observer.readAll())).toHaveLength(4)
  })

  test.each([
    ['changes', transfer()],
    ['guards', guarded],
  ])(
    'before it reached the server, which %s what another changed meanwhile: is a conflict',
    async (_what, commit) => {
      const { wire, store, observer } = await scene()
      wire.hold('requests')
      const committing = store.commit(commit)
      await untilSent(wire)
      await observer.append(alice, [deposited], { expectedVersion: 1 })
      wire.cut()
      wire.mend()
      expect(await committing).toEqual({
        ok: false,
        conflict: { actorId: alice, expectedVersion: 1, currentVersion: 2 },
      })
      expect(await observer.latestVersion(bob)).toBe(0)
      expect(await stored(observer)).toEqual(both)
    },
  )
})

describe('without a connection', () => {
  test('appends and reads wait for a while, then say so', async () => {
    const { wire, store, observer } = await scene({ retryForMs: 100 })
    wire.cut()
    // The first one may still be sent; once it has failed, the store knows.
    await expect(store.latestVersion(alice)).rejects.toMatchObject({ code: 'store-unavailable' })
    const unavailable = { code: 'store-unavailable', retryable: true }
    await expect(store.append(alice, [deposited], { expectedVersion: 1 })).rejects.toMatchObject(
      unavailable,
    )
    await expect(Array.fromAsync(store.read(alice))).rejects.toMatchObject(unavailable)
    await expect(Array.fromAsync(store.readAll())).rejects.toMatchObject(unavailable)
    expect(await stored(observer)).toEqual([[1, 'e-1']])
  })

  test("appends at 'any' to one actor fail together, not one after the other", async () => {
    const { wire, store } = await scene({ retryForMs: 1_000 })
    wire.cut()
    const began = performance.now()
    const appends = Array.from({ length: 50 }, () =>
      store.append(alice, [{ type: 'Noted', data: 7 }], { expectedVersion: 'any' }),
    )
    for (const outcome of await Promise.allSettled(appends)) expect(outcome.status).toBe('rejected')
    expect(performance.now() - began).toBeLessThan(25_000)
  })

  test('closing does not wait for a connection, nor do the appends under way', async () => {
    const { wire, store, observer } = await scene({ retryForMs: 60_000 })
    wire.hold('answers')
    const appending = store.append(alice, [deposited], { expectedVersion: 1 })
    const failing = expect(appending).rejects.toMatchObject({ code: 'outcome-unknown' })
    await untilVersion(observer, 2)
    wire.cut()
    const began = performance.now()
    await store.close()
    await failing
    expect(performance.now() - began).toBeLessThan(30_000)
  })
})

describe('a read', () => {
  /** Each commit is nearly as large as the server takes: more than two or three fill a batch. */
  const data = 'x'.repeat(900_000)
  const everyVersion = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  /** Less than a request would wait for its answer. */
  const promptly = { timeout: 120_000 }
  const requestTimeoutMs = 300_000

  async function longScene(): Promise<Scene> {
    const { wire, store, observer } = await scene({ requestTimeoutMs })
    for (const version of everyVersion.slice(0, -1))
      await observer.append(alice, [{ type: 'A', data }], { expectedVersion: version })
    return { wire, store, observer }
  }

  const reads = [
    ['of an actor', (store: EventStore, options?: ReadOptions) => store.read(alice, options)],
    ['of the log', (store: EventStore, options?: ReadOptions) => store.readAll(options)],
  ] as const

  test.each(reads)('%s goes on where the connection broke', promptly, async (_, read) => {
    const { wire, store } = await longScene()
    const versions: number[] = []
    for await (const { version } of read(store)) {
      versions.push(version)
      if (version !== 1 && version !== 4) continue
      wire.hold('answers')
      void until(() => wire.heldChunks > 0, { description: 'the next batch is on its way' })
        .catch(() => undefined)
        .then(() => {
          wire.cut()
          wire.mend()
        })
    }
    expect(versions).toEqual(everyVersion)
  })

  test.each(reads)('%s ends at once when it is aborted', promptly, async (_, read) => {
    const { wire, store } = await longScene()
    const controller = new AbortController()
    const reason = new Error('enough')
    const versions: number[] = []
    const reading = (async () => {
      for await (const { version } of read(store, { signal: controller.signal })) {
        if (versions.push(version) === 1) wire.hold('answers')
      }
    })()
    void until(() => wire.heldChunks > 0, { description: 'the next batch is on its way' }).then(
      () => controller.abort(reason),
    )
    await expect(reading).rejects.toBe(reason)
    expect(versions.length).toBeLessThan(everyVersion.length)
  })

  test.each(reads)('%s ends when the store is closed', promptly, async (_, read) => {
    const { store } = await longScene()
    const reading = (async () => {
      for await (const { version } of read(store)) if (version === 1) await store.close()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'closed' })
  })

  test('which waits for a connection ends at once when it is aborted', promptly, async () => {
    const { wire, store } = await scene()
    wire.cut()
    const controller = new AbortController()
    const reading = Array.fromAsync(store.read(alice, { signal: controller.signal }))
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })
})

async function untilVersion(observer: EventStore, version: number): Promise<void> {
  await until(async () => (await observer.latestVersion(alice)) === version, {
    description: `version ${version} is stored`,
  })
}

async function untilSent(wire: Wire): Promise<void> {
  await until(() => wire.heldChunks > 0, { description: 'the append was sent' })
}
