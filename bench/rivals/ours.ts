import { actor, type ActorId, type AppendResult, open } from 'aether'
import * as z from 'zod'
import type { Backend, EventStore } from '../../src/store/index.ts'
import { data, placed } from '../sample.ts'
import { decide, evolve, initialState, type Rival } from './rival.ts'

/** Ours, by the store alone. */
export async function openStore(backend: Backend, remove: () => Promise<void>): Promise<Rival> {
  return rivalOn(await backend.openStore(), remove)
}

function rivalOn(store: EventStore, remove: () => Promise<void>): Rival {
  return {
    append: async (stream) => stored(await store.append(stream as ActorId, [placed], firstOf)),
    fill: (stream, count) => fill(store, stream as ActorId, count),
    load: async (stream) => (await store.read(stream as ActorId).toArray()).length,
    async command(stream) {
      let state = initialState
      let expectedVersion = 0
      for (const event of await store.read(stream as ActorId).toArray()) {
        state = evolve(state, event.data as typeof data)
        expectedVersion = event.version
      }
      decide(state)
      stored(await store.append(stream as ActorId, [placed], { expectedVersion }))
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await remove()
    },
  }
}

async function fill(store: EventStore, id: ActorId, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => placed)
  stored(await store.append(id, events, firstOf))
}

const firstOf = { expectedVersion: 0 } as const

const shape = z.object({
  order: z.string(),
  note: z.string(),
  amount: z.number(),
  paid: z.boolean(),
})

/** The actor whose commands are measured. */
export const Order = actor('order', {
  state: { total: 0 },
  events: { Placed: shape },
  evolve: { Placed: evolve },
  commands: {
    place: {
      input: shape,
      decide: (state, input, on) => {
        decide(state)
        return on.Placed(input)
      },
    },
    /** Decides and stores nothing. */
    check: { decide },
  },
})

/** Ours, whose commands go to an actor: it keeps its state between them. A stream is an order's key. */
export async function openActors(backend: Backend, remove: () => Promise<void>): Promise<Rival> {
  const node = await open({ backend, actors: [Order] })
  return {
    ...rivalOn(node.events, () => Promise.resolve()),
    fill: (stream, count) => fill(node.events, `order-${stream}`, count),
    command: (stream) => node.get(Order, stream).place(data),
    async [Symbol.asyncDispose]() {
      await node.close()
      await remove()
    },
  }
}

function stored(result: AppendResult): void {
  if (!result.ok) throw new Error(`a conflict at ${result.conflict.currentVersion}`)
}
