import { expect, test } from 'vitest'
import { SeededRandom } from '../support/seeded-random.ts'
import { simplePlaceKinds, type StorePlace } from '../support/store-place.ts'
import { until } from '../support/until.ts'
import { WorkingProcess } from '../support/working-process.ts'
import { openAt, Order, type Warehouse } from './place.ts'

const script = new URL('policy-child.ts', import.meta.url)
const orders = 20
/** After each of all but the last rounds, who works is killed. */
const rounds = 5
const eventsPerRound = 80
const events = rounds * eventsPerRound

interface Taken {
  readonly actorId: string
  readonly order: string
  readonly n: number
  readonly pid: number
}

async function taken(node: Warehouse): Promise<readonly Taken[]> {
  const filter = { actorTypes: ['shelf'] }
  const stored = await Array.fromAsync(node.events.readAll({ filter }))
  return stored.map(({ actorId, data }) => ({ actorId, ...(data as Omit<Taken, 'actorId'>) }))
}

/** A part of all, so that something is left for whoever comes, however fast the others were. */
function placeOrders(node: Warehouse, round: number): Promise<unknown> {
  const each = eventsPerRound / orders
  return Promise.all(
    Array.from({ length: orders }, async (_, order) => {
      for (let n = round * each + 1; n <= (round + 1) * each; n++)
        await node.get(Order, `o-${order}`).place({ n })
    }),
  )
}

/** Each order led to two of its own shelf and one of all, in its order and no more. */
function expectOnce(all: readonly Taken[]): void {
  for (let order = 0; order < orders; order++) {
    const ns = Array.from({ length: events / orders }, (_, n) => n + 1)
    const own = all.filter(({ actorId }) => actorId === `shelf-s-o-${order}`)
    expect(own.map(({ n }) => n)).toEqual(ns.flatMap((n) => [n, n]))
    const shared = all.filter((each) => each.actorId === 'shelf-all' && each.order === `o-${order}`)
    expect(shared.map(({ n }) => n)).toEqual(ns)
  }
}

test.each(simplePlaceKinds)(
  'kill -9 again and again on $title: each event takes effect once, in order',
  async ({ start }) => {
    const random = new SeededRandom(7)
    await using started = await start()
    await using asking = await openAt(started.place, false)
    for (let round = 0; round < rounds - 1; round++) {
      const before = (await taken(asking)).length
      const placing = placeOrders(asking, round)
      await using worker = new WorkingProcess<StorePlace>(script)
      await worker.open(started.place)
      const enough = before + 40 + random.below(80)
      await until(async () => (await taken(asking)).length >= enough, {
        description: 'it did some of it',
        timeoutMs: 90_000,
      })
      await worker.kill()
      await placing
    }
    await placeOrders(asking, rounds - 1)
    await using last = new WorkingProcess<StorePlace>(script)
    await last.open(started.place)
    await until(async () => (await taken(asking)).length >= events * 3, {
      description: 'all is done',
      timeoutMs: 180_000,
    })
    const all = await taken(asking)
    expectOnce(all)
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(rounds)
  },
  400_000,
)
