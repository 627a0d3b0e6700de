import { type ActorSystemRef, dispatch, query, type Ref, spawn, start, stop } from 'nact'
import { data } from '../sample.ts'
import { decide, evolve, initialState, type State } from '../rivals/rival.ts'
import type { Askable } from './asking.ts'

/** As long as ours waits by default. */
const timeoutMs = 5_000

interface Place {
  readonly sender: Ref<State>
  readonly input: typeof data
}

/** Actors without persistence: nothing is stored. Each query starts and clears a timer. */
export async function nactActors(): Promise<Askable> {
  const system = start()
  const actors = new Map<string, Ref<Place>>()
  return {
    async command(key) {
      let order = actors.get(key)
      if (!order) actors.set(key, (order = spawnOrder(system, key)))
      return query(order, (sender: Ref<State>) => ({ sender, input: data }), timeoutMs)
    },
    [Symbol.asyncDispose]: async () => stop(system),
  }
}

function spawnOrder(system: ActorSystemRef, key: string): Ref<Place> {
  const place = (state: State, { sender, input }: Place): State => {
    decide(state)
    const after = evolve(state, input)
    dispatch(sender, after)
    return after
  }
  return spawn(system, place, key, { initialState })
}
