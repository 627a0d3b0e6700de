import { jetstreamManager } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { ActorId } from '../../src/core/index.ts'
import { type Append, type EventStore, verifyStore } from '../../src/store/index.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

const alice: ActorId = 'account-alice'
const prices: ActorId = 'prices-main'
const event = { type: 'A', data: 1 }

let server: ServerOfTests['server']
let raw: ServerOfTests['raw']
let namespaces = 0

useServer({}, (started) => ({ server, raw } = started))

async function scene(retention?: { readonly keepForMs: number }) {
  const namespace = `guards-${namespaces++}`
  const options = { namespace, durability: 'trust', ...(retention && { retention }) } as const
  const backend = nats({ servers: server.url, ...options })
  const store = await backend.openStore()
  onTestFinished(() => store.close())
  const manager = await jetstreamManager(raw)
  return {
    backend,
    store,
    subject: (rest: string) => `aether.${namespace}.event.${rest}`,
    async messages() {
      const { state } = await manager.streams.info(`AETHER_${namespace}`)
      const found = Array.from({ length: state.last_seq }, (_, index) =>
        manager.streams.getMessage(`AETHER_${namespace}`, { seq: index + 1 }),
      )
      return (await Promise.all(found)).flatMap((message) => message ?? [])
    },
  }
}

/** The prices are set, and Alice pays what they are. */
async function pay(store: EventStore, version = 0): Promise<void> {
  const parts: Append[] = [
    { actorId: alice, events: [event], expectedVersion: version },
    { actorId: prices, events: [], expectedVersion: 1 },
  ]
  expect(await store.commit(parts)).toMatchObject({ ok: true })
}

async function problemsOf(store: EventStore): Promise<string[]> {
  const found: string[] = []
  for await (const { kind, message } of verifyStore(store)) found.push(`${kind}: ${message}`)
  return found
}

describe('the guards of a commit', () => {
  test('stand before its events, on a subject of their own, and say what they demand', async () => {
    const { store, messages, subject, backend } = await scene()
    await store.append(prices, [event], { expectedVersion: 0 })
    await pay(store)
    const [, guard, paid] = await messages()
    expect([guard?.subject, paid?.subject]).toEqual([subject('guard'), subject('account.alice')])
    expect(guard?.header.get('Nats-Expected-Last-Subject-Sequence')).toBe('1')
    expect(guard?.header.get('Nats-Expected-Last-Subject-Sequence-Subject')).toBe(
      subject('prices.main'),
    )
    expect(guard?.json()).toMatchObject({ id: paid?.json<{ id: string }>().id, part: [0, 2] })
    expect(paid?.json()).toMatchObject({ part: [1, 2] })
    expect(await store.lastPosition()).toBeGreaterThanOrEqual(3 * 1_024)
    expect(await backend.inspect?.()).toMatchObject({ actors: 2, messages: 3 })
  })

  test('are read over, and what is none of them on their subject is found', async () => {
    const { store, subject } = await scene()
    await store.append(prices, [event], { expectedVersion: 0 })
    await pay(store)
    expect(await problemsOf(store)).toEqual([])
    const header = headers()
    header.set('Nats-Expected-Last-Subject-Sequence', '2')
    const body = JSON.stringify({ format: 2, id: 'c', time: 'now' })
    await raw.request(subject('guard'), body, { headers: header, timeout: 5_000 })
    expect(await problemsOf(store)).toEqual([expect.stringMatching(/^foreign-event/)])
  })

  test('go where old events may go, and leave a store in which nothing is wrong', async () => {
    const { store, messages, subject } = await scene({ keepForMs: 0 })
    await store.append(prices, [event], { expectedVersion: 0 })
    for (let version = 0; version < 3; version++) await pay(store, version)
    const before = Date.now()
    await expect.poll(() => Date.now()).toBeGreaterThan(before)
    expect(await store.trim()).toMatchObject({ removed: 2 })
    expect((await messages()).map((message) => message.subject)).toEqual([
      subject('prices.main'),
      subject('account.alice'),
    ])
    expect(await problemsOf(store)).toEqual([expect.stringMatching(/^trimmed-history/)])
    await pay(store, 3)
    expect(await problemsOf(store)).toEqual([expect.stringMatching(/^trimmed-history/)])
  })
})
