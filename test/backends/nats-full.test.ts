import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type ActorId, isAetherError, open } from 'aether'
import { nats } from 'aether/nats'
import { expect, test } from 'vitest'
import { Thing } from '../http/thing.ts'
import { startNatsServer } from '../support/nats.ts'

test('a server without room is no ready node, and says where to look, until there is room again', async () => {
  await using stack = new AsyncDisposableStack()
  const server = await startNatsServer({ config: 'jetstream { max_file_store: 8MB }' })
  stack.defer(() => server.stop())
  const backend = nats({ servers: server.url, namespace: 'full', durability: 'trust' })
  const node = stack.use(await open({ backend, actors: [Thing] }))
  const thing = node.get(Thing, 'a')
  await thing.keep(1)
  expect(await node.readiness()).toEqual({ ready: true, reasons: [] })

  const other = await connect({ servers: server.url })
  stack.defer(() => other.close())
  const manager = await jetstreamManager(other)
  await manager.streams.add({ name: 'FILLER', subjects: ['filler'] })
  const fill = async (bytes: number): Promise<void> => {
    // One that is refused ends it.
    const body = Buffer.alloc(bytes)
    for (;;) await jetstream(other).publish('filler', body)
  }
  await expect(fill(500_000)).rejects.toThrow('resources')
  await expect(fill(10_000)).rejects.toThrow('resources')

  const refused = await thing.keep('x'.repeat(100_000)).catch((error: unknown) => error)
  expect(isAetherError(refused) && refused.code).toBe('store-unavailable')
  expect(refused).toMatchObject({ message: expect.stringContaining('look at the disks') })
  expect(await node.readiness()).toEqual({
    ready: false,
    reasons: [{ what: 'store', problem: expect.stringContaining('look at the disks') }],
  })

  await manager.streams.delete('FILLER')
  await thing.keep(2)
  expect(await node.readiness()).toEqual({ ready: true, reasons: [] })
})

test('more appends at once than the server keeps waiting are all stored', async () => {
  const config = 'jetstream { max_buffered_msgs: 20, sync_interval: always }'
  await using server = await startNatsServer({ config })
  await using store = await nats({ servers: server.url, durability: 'trust' }).openStore()
  const part = (actorId: ActorId) => {
    return { actorId, events: [{ type: 'Kept', data: 1 }], expectedVersion: 0 } as const
  }
  const results = await Promise.all(
    Array.from({ length: 500 }, (_, n) =>
      n % 50 === 0
        ? store.commit([part(`thing-${n}`), part(`other-${n}`)])
        : store.append(`thing-${n}`, [{ type: 'Kept', data: 1 }], { expectedVersion: 0 }),
    ),
  )
  expect(results.every(({ ok }) => ok)).toBe(true)
  expect(await store.readAll().toArray()).toHaveLength(510)
  expect(server.logTail()).toContain('excessive stream ingest rate')
})
