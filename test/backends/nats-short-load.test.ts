import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { ActorId, StoredEvent } from '../../src/core/index.ts'
import type { EventStore, ReadOptions } from '../../src/store/index.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'
import { Wire } from './wire.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

let server: ServerOfTests['server']
let manager: ServerOfTests['manager']
let namespaces = 0

useServer({}, (started) => ({ server, manager } = started))

interface Scene {
  readonly namespace: string
  readonly store: EventStore
  readonly wire: Wire
  another(): Promise<EventStore>
}

async function scene(): Promise<Scene> {
  const namespace = `short-${namespaces++}`
  const wire = await Wire.to(server.port)
  const open = async (servers: string): Promise<EventStore> => {
    const store = await nats({ servers, namespace }).openStore()
    onTestFinished(() => store.close())
    return store
  }
  onTestFinished(() => wire[Symbol.asyncDispose]())
  return { namespace, store: await open(wire.url), wire, another: () => open(server.url) }
}

const others = Array.from({ length: 9 }, (_, index): ActorId => `filler-${index}`)

/** Commits of one event, one of ten in the stream: closer together, they would be searched. */
async function fill(store: EventStore, from: number, to: number): Promise<void> {
  const expectedVersion = 'any'
  for (let version = from; version <= to; version++) {
    const events = [{ type: 'Noted', data: version }]
    await Promise.all(others.map((each) => store.append(each, events, { expectedVersion })))
    await store.append(alice, events, { expectedVersion })
  }
}

const versionsOf = (events: readonly StoredEvent[]): number[] =>
  events.map(({ version }) => version)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

test.each<[string, number, ReadOptions, number]>([
  ['of 10 commits', 10, {}, 10],
  ['of one and a half pages', 49, {}, 49],
  ['behind a snapshot', 40, { fromVersion: 31 }, 10],
  ['the event of a snapshot', 40, { fromVersion: 20, toVersion: 20 }, 9],
  ['a page of the gateway', 40, { fromVersion: 3, limit: 20 }, 21],
])('who wrote an actor loads it with one round trip: %s', async (_, count, options, messages) => {
  const { store, wire } = await scene()
  await fill(store, 1, count)
  wire.hold('answers')
  const reading = Array.fromAsync(store.read(alice, options))
  await until(() => wire.heldMessages >= messages, { description: 'all is asked for at once' })
  wire.release()
  const { fromVersion = 1, toVersion, limit } = options
  expect(versionsOf(await reading)).toEqual(
    upTo(count)
      .slice(fromVersion - 1, toVersion)
      .slice(0, limit),
  )
})

test('who has loaded an actor that others wrote loads it again with one round trip', async () => {
  const { store, wire, another } = await scene()
  await fill(await another(), 1, 49)
  expect(versionsOf(await Array.fromAsync(store.read(alice)))).toEqual(upTo(49))
  wire.hold('answers')
  const reading = Array.fromAsync(store.read(alice))
  await until(() => wire.heldMessages >= 49, { description: 'all is asked for at once' })
  wire.release()
  expect(versionsOf(await reading)).toEqual(upTo(49))
})

test('what others wrote meanwhile is read as well', async () => {
  const { store, another } = await scene()
  const other = await another()
  let written = 0
  // Over the turns of pages, where a head that is behind leads nowhere.
  for (const more of [5, 1, 2, 20, 3, 1, 1, 1, 10, 40, 100]) {
    await fill(other, written + 1, written + more)
    written += more
    expect(versionsOf(await Array.fromAsync(store.read(alice)))).toEqual(upTo(written))
    const end = { fromVersion: Math.max(1, written - 7) }
    expect(versionsOf(await Array.fromAsync(store.read(alice, end)))).toEqual(
      upTo(written).slice(end.fromVersion - 1),
    )
  }
})

test('commits of several events are loaded whole, from any version', async () => {
  const { store, another } = await scene()
  const events = [1, 2, 3].map((data) => ({ type: 'Noted', data }))
  for (let commit = 0; commit < 40; commit++)
    await store.append(alice, events, { expectedVersion: commit * 3 })
  for (const reader of [store, await another()])
    for (const fromVersion of [1, 2, 50, 95, 110, 116, 117, 118, 120, 121])
      expect(versionsOf(await Array.fromAsync(reader.read(alice, { fromVersion })))).toEqual(
        upTo(120).slice(fromVersion - 1),
      )
})

test('what is known of a stream that was set back misleads nobody', async () => {
  const { namespace, store, another } = await scene()
  await fill(store, 1, 12)
  await manager.streams.delete(`AETHER_${namespace}`)
  const other = await another()
  // Alice's messages stand where those of others had stood before.
  await other.append(bob, [{ type: 'Noted', data: 0 }], { expectedVersion: 0 })
  await fill(other, 1, 12)
  await other.append(bob, [{ type: 'Noted', data: 1 }], { expectedVersion: 1 })
  const events = await Array.fromAsync(store.read(alice))
  expect(versionsOf(events)).toEqual(upTo(12))
  expect(events).toEqual(await Array.fromAsync(other.read(alice)))
})

test('what is known of a stream that was set back and seems right is forgotten as soon as it is not', async () => {
  const { namespace, store, another } = await scene()
  await fill(store, 1, 34)
  await manager.streams.delete(`AETHER_${namespace}`)
  const other = await another()
  // The newest two commits of alice stand where they stood, those before don't.
  for (let version = 1; version <= 32; version++)
    await other.append(alice, [{ type: 'Noted', data: version }], { expectedVersion: 'any' })
  for (let count = 32; count < 329; count++)
    await other.append(bob, [{ type: 'Noted', data: count }], { expectedVersion: 'any' })
  await other.append(alice, [{ type: 'Noted', data: 33 }], { expectedVersion: 32 })
  await fill(other, 34, 34)
  await expect(Array.fromAsync(store.read(alice))).rejects.toMatchObject({
    code: 'incompatible-store',
  })
  expect(versionsOf(await Array.fromAsync(store.read(alice)))).toEqual(upTo(34))
})
