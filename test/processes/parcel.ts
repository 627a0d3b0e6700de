import * as z from 'zod'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import { actor, type Backend, type Node, open } from '../../src/index.ts'

/** Says which process sent it, and when. */
export const Parcel = actor('parcel', {
  state: { sent: 0 },
  events: { Sent: z.object({ pid: z.number(), at: z.number() }) },
  evolve: { Sent: (s) => ({ sent: s.sent + 1 }) },
  commands: {
    send: { decide: (_s, _c, on, { now }) => on.Sent({ pid: process.pid, at: now }) },
  },
})

/** Where parcels are kept, so that it can be told to another process. */
export type Place = { readonly file: string } | NatsOptions

function backendAt(place: Place): Backend {
  return 'file' in place ? sqlite(place.file) : nats(place)
}

/** A node that delivers so many at once, and takes over from the dead after two seconds. */
export function openAt(place: Place, deliveries: number): Promise<Node<typeof Parcel>> {
  const limits = { deliveries, deliveryLeaseMs: 2_000 }
  return open({ backend: backendAt(place), actors: [Parcel], limits })
}
