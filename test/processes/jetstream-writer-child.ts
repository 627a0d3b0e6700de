import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { type ActorId, messageOf } from '../../src/core/index.ts'
import type { AppendResult, EventStore, ExpectedVersion } from '../../src/store/index.ts'

// A process with an event store on NATS, which does what its parent says: see JetStreamWriter.

export type Order =
  | { readonly do: 'open'; readonly options: NatsOptions }
  | { readonly do: 'append'; readonly actorId: ActorId; readonly expectedVersion: ExpectedVersion }

export interface Report {
  /** As many of the order as it said, at the same time. */
  readonly results: readonly AppendResult[]
  readonly failure?: string
}

let store: EventStore | undefined

async function obey(order: Order, times: number): Promise<Report> {
  if (order.do === 'open') {
    await store?.close()
    store = await nats(order.options).openStore()
    return { results: [] }
  }
  return { results: await Promise.all(Array.from({ length: times }, () => append(order))) }
}

async function append({
  actorId,
  expectedVersion,
}: Order & { do: 'append' }): Promise<AppendResult> {
  if (!store) throw new Error('no store was opened')
  return store.append(actorId, [{ type: 'Noted', data: process.pid }], { expectedVersion })
}

process.on('message', ({ order, times }: { order: Order; times: number }) => {
  void obey(order, times)
    .catch((error: unknown): Report => ({ results: [], failure: messageOf(error) }))
    .then((report) => process.send?.(report))
})
process.on('disconnect', () => void store?.close())
