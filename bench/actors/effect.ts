import { Entity, TestRunner } from '@effect/cluster'
import { Rpc } from '@effect/rpc'
import { Effect, Layer, ManagedRuntime, Schema } from 'effect'
import { data } from '../sample.ts'
import { decide, evolve, initialState } from '../rivals/rival.ts'
import type { Askable } from './asking.ts'

const payload = {
  order: Schema.String,
  note: Schema.String,
  amount: Schema.Number,
  paid: Schema.Boolean,
}

const Order = Entity.make('Order', [Rpc.make('place', { payload, success: Schema.Number })])

const orders = Order.toLayer(
  Effect.sync(() => {
    let state = initialState
    return Order.of({
      place: (request) =>
        Effect.sync(() => {
          decide(state)
          state = evolve(state, request.payload)
          return state.total
        }),
    })
  }),
)

/** Entities of one runner in this process, whose messages are not persisted: nothing is stored. */
export async function effectEntities(): Promise<Askable> {
  const runtime = ManagedRuntime.make(orders.pipe(Layer.provideMerge(TestRunner.layer)))
  const clientOf = await runtime.runPromise(Order.client)
  return {
    command: (key) => runtime.runPromise(clientOf(key).place(data)),
    [Symbol.asyncDispose]: () => runtime.dispose(),
  }
}
