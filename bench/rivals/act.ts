import { act, InMemoryCache, InMemoryStore, state, type Store } from '@rotorsoft/act'
import { SqliteStore } from '@rotorsoft/act-sqlite'
import * as z from 'zod'
import { temporaryFile } from '../temporary-file.ts'
import { data } from '../sample.ts'
import { decide, evolve, type Rival } from './rival.ts'

const shape = z.object({
  order: z.string(),
  note: z.string(),
  amount: z.number(),
  paid: z.boolean(),
})

const Order = state({ Order: z.object({ total: z.number() }) })
  .init(() => ({ total: 0 }))
  .emits({ Placed: shape })
  .patch({ Placed: (event, before) => evolve(before, event.data) })
  .on({ place: shape })
  .emit((input, { state: before }) => {
    decide(before)
    return ['Placed', input]
  })
  .build()

export async function actMemory(): Promise<Rival> {
  // Its types are made without `exactOptionalPropertyTypes`.
  return rivalOn(new InMemoryStore() as Store)
}

export async function actSqlite(): Promise<Rival> {
  const { file, remove } = await temporaryFile('act.db')
  return rivalOn(new SqliteStore({ url: `file:${file}` }), remove)
}

async function rivalOn(
  store: Store,
  remove = async (): Promise<void> => undefined,
): Promise<Rival> {
  await store.seed()
  const app = act()
    .withState(Order)
    .build({ scoped: { store, cache: new InMemoryCache() } })
  const commit = (stream: string, count: number): Promise<unknown> =>
    store.commit(
      stream,
      Array.from({ length: count }, () => ({ name: 'Placed', data })),
      { correlation: stream, causation: {} },
      -1,
    )
  return {
    append: (stream) => commit(stream, 1),
    fill: commit,
    load: (stream) => store.query(() => undefined, { stream, stream_exact: true }),
    command: (stream) => app.do('place', { stream, actor: { id: 'bench', name: 'bench' } }, data),
    async [Symbol.asyncDispose]() {
      await store.dispose()
      await remove()
    },
  }
}
