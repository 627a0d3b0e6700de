import * as z from 'zod'
import { actor, type Node, open } from '../../src/index.ts'
import { backendAt, type StorePlace } from '../support/store-place.ts'

/** Says which process sent it, and when. */
export const Parcel = actor('parcel', {
  state: { sent: 0 },
  events: { Sent: z.object({ pid: z.number(), at: z.number() }) },
  evolve: { Sent: (s) => ({ sent: s.sent + 1 }) },
  commands: {
    send: { decide: (_s, _c, on, { now }) => on.Sent({ pid: process.pid, at: now }) },
  },
})

/** Where parcels wait, and how many are to be delivered at once. */
export interface Deliveries {
  readonly place: StorePlace
  readonly deliveries: number
}

/**
 * A node that delivers so many at once, and takes over from the dead after some seconds: what takes longer
 * to deliver is tried again in growing pauses.
 */
export function openAt(place: StorePlace, deliveries: number): Promise<Node<typeof Parcel>> {
  const limits = { deliveries, deliveryLeaseMs: 6_000 }
  return open({ backend: backendAt(place), actors: [Parcel], limits })
}
