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
    append: async (stream) => stored(await store.append(idOf(stream), [placed], firstOf)),
    fill: (stream, count) => {
      const events = Array.from({ length: count }, () => placed)
      return store.append(idOf(stream), events, firstOf)
    },
    load: async (stream) => (await store.read(idOf(stream)).toArray()).length,
    async command(stream) {
      let state = initialState
      let expectedVersion = 0
      for (const event of await store.read(idOf(stream)).toArray()) {
        state = evolve(state, event.data as typeof data)
        expectedVersion = event.version
      }
      decide(state)
      stored(await store.append(idOf(stream), [placed], { expectedVersion }))
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await remove()
    },
  }
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

/** Ours, whose commands go to an actor: it keeps its state between them. */
export async function openActors(backend: Backend, remove: () => Promise<void>): Promise<Rival> {
  const node = await open({ backend, actors: [Order] })
  return {
    ...rivalOn(node.events, () => Promise.resolve()),
    command: (stream) => node.get(Order, stream).place(data),
    async [Symbol.asyncDispose]() {
      await node.close()
      await remove()
    },
  }
}

function idOf(stream: string): ActorId {
  return `order-${stream}`
}

function stored(result: AppendResult): void {
  if (!result.ok) throw new Error(`a conflict at ${result.conflict.currentVersion}`)
}
