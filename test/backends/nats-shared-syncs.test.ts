import { connect } from '@nats-io/transport-node'
import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { AppendResult, EventStore } from '../../src/store/index.ts'
import { verifyStore } from '../../src/store/index.ts'
import { startNatsServer } from '../support/nats.ts'
import { monitored, monitoringOf } from '../support/nats-monitoring.ts'
import { until } from '../support/until.ts'

interface Scene {
  readonly store: EventStore
  /** How many atomic batches came to the server. */
  readonly batches: () => Promise<number>
}

async function scene(syncInterval: 'always' | '1m', isNamed = true): Promise<Scene> {
  const config = `${monitored}\njetstream { sync_interval: ${syncInterval} }`
  const server = await startNatsServer({ config })
  const raw = await connect({ servers: server.url })
  let batches = 0
  raw.subscribe('aether.synced.event.>', {
    callback: (_, { headers }) => void (batches += headers?.has('Nats-Batch-Commit') ? 1 : 0),
  })
  await raw.flush()
  const monitoring = isNamed ? await monitoringOf(server) : undefined
  const durability = isNamed && syncInterval === 'always' ? 'require' : 'warn'
  const options = { servers: server.url, namespace: 'synced', durability } as const
  const backend = nats({ ...options, ...(monitoring && { monitoring }) })
  const warnings: string[] = []
  const warn = (_: object, message: string): void => void warnings.push(message)
  const ignore = (): void => undefined
  const logger = { debug: ignore, info: ignore, warn, error: ignore }
  const store = await backend.openStore({ logger })
  if (durability === 'warn')
    await until(() => warnings.length > 0, { description: 'the look at the server' })
  onTestFinished(async () => {
    await store.close()
    await raw.close()
    await server.stop()
  })
  return {
    store,
    async batches() {
      await raw.flush()
      return batches
    },
  }
}

function append(store: EventStore, number: number, expectedVersion = 0): Promise<AppendResult> {
  return store.append(`a-${number}`, [{ type: 'A', data: number }], { expectedVersion })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** What was told of it is so, and nothing else is there. */
async function expectStored(store: EventStore, results: readonly AppendResult[]): Promise<void> {
  const told = results.flatMap((result) => (result.ok ? result.events : []))
  const log = await Array.fromAsync(store.readAll())
  expect(log).toEqual(told.toSorted((a, b) => a.position - b.position))
  expect(await Array.fromAsync(verifyStore(store))).toEqual([])
}

test('many appends at once share batches where a server by itself syncs for each message', async () => {
  const { store, batches } = await scene('always')
  const results = await Promise.all(numbers(300).map((number) => append(store, number)))
  expect(results.every(({ ok }) => ok)).toBe(true)
  await expectStored(store, results)
  expect(await batches()).toBeGreaterThan(0)
  expect(await batches()).toBeLessThan(10)
})

test('an append in conflict takes none with it that shares its batch', async () => {
  const { store, batches } = await scene('always')
  const results = await Promise.all(
    numbers(100).map((number) => append(store, number, number % 30 === 29 ? 5 : 0)),
  )
  expect(results.flatMap(({ ok }, number) => (ok ? [] : [number]))).toEqual([29, 59, 89])
  expect(await batches()).toBeGreaterThan(0)
  await expectStored(store, results)
})

test('appends to one actor at once get their versions one behind the other', async () => {
  const { store } = await scene('always')
  const results = await Promise.all(
    numbers(60).map((number) =>
      store.append(`a-${number % 2}`, [{ type: 'A', data: number }], { expectedVersion: 'any' }),
    ),
  )
  const versions = results.map((result) => result.ok && result.version)
  expect(versions).toEqual(numbers(60).map((number) => Math.floor(number / 2) + 1))
  await expectStored(store, results)
})

test('a few appends at once go as they come', async () => {
  const { store, batches } = await scene('always')
  await Promise.all(numbers(16).map((number) => append(store, number)))
  expect(await batches()).toBe(0)
})

test.each([
  ['syncs now and then', '1m', true],
  ['was not looked at', 'always', false],
] as const)('where the server %s, all go as they come', async (_, syncInterval, isNamed) => {
  const { store, batches } = await scene(syncInterval, isNamed)
  const results = await Promise.all(numbers(300).map((number) => append(store, number)))
  expect(results.every(({ ok }) => ok)).toBe(true)
  expect(await batches()).toBe(0)
})
