import {
  buildDecisionModel,
  type DcbEvent,
  type EventHandlerWithState,
  type EventStore,
  MemoryEventStore,
  Query,
  Tags,
} from '@dcb-es/event-store'
import { PostgresEventStore } from '@dcb-es/event-store-postgres'
import { Pool } from 'pg'
import type { PostgresServer } from '../postgres.ts'
import { data } from '../sample.ts'
import { decide, evolve, initialState, type Rival, type State } from './rival.ts'

type Placed = DcbEvent<'Placed', Tags, typeof data>

export async function dcbMemory(): Promise<Rival> {
  return rivalOn(new MemoryEventStore())
}

export async function dcbPostgres(postgres: PostgresServer): Promise<Rival> {
  const { url } = await postgres.newDatabase()
  const pool = new Pool({ connectionString: url })
  const store = new PostgresEventStore({ pool })
  await store.ensureInstalled()
  return rivalOn(store, () => pool.end())
}

/** A stream is a tag. */
function rivalOn(store: EventStore, close = async (): Promise<void> => undefined): Rival {
  const append = (stream: string, count: number): Promise<unknown> => {
    const events = Array.from({ length: count }, () => placedIn(stream))
    return store.append({ events, condition: { failIfEventsMatch: allOf(stream) } })
  }
  return {
    append: (stream) => append(stream, 1),
    fill: append,
    async load(stream) {
      let events = 0
      for await (const _ of store.read(allOf(stream))) events++
      return events
    },
    async command(stream) {
      const model = await buildDecisionModel(store, { order: orderIn(stream) })
      decide(model.state.order)
      await store.append({ events: placedIn(stream), condition: model.appendCondition })
    },
    [Symbol.asyncDispose]: close,
  }
}

function orderIn(stream: string): EventHandlerWithState<Placed, State> {
  return {
    tagFilter: tagsOf(stream),
    init: initialState,
    when: { Placed: ({ event }, state) => evolve(state, event.data) },
  }
}

function placedIn(stream: string): Placed {
  return { type: 'Placed', tags: tagsOf(stream), data, metadata: {} }
}

function allOf(stream: string): Query {
  return Query.fromItems([{ types: ['Placed'], tags: tagsOf(stream) }])
}

function tagsOf(stream: string): Tags {
  return Tags.fromObj({ order: stream })
}
