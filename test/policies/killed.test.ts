import { expect, test } from 'vitest'
import { SeededRandom } from '../support/seeded-random.ts'
import { simplePlaceKinds, type StorePlace } from '../support/store-place.ts'
import { until } from '../support/until.ts'
import { WorkingProcess } from '../support/working-process.ts'
import { openAt, Order, type Warehouse } from './place.ts'

const script = new URL('policy-child.ts', import.meta.url)
const orders = 20
const events = 400

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

function placeOrders(node: Warehouse): Promise<unknown> {
  return Promise.all(
    Array.from({ length: orders }, async (_, order) => {
      for (let n = 1; n <= events / orders; n++) await node.get(Order, `o-${order}`).place({ n })
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
    const placing = placeOrders(asking)
    const pids = new Set<number>()
    for (let kills = 0; kills < 4; kills++) {
      await using worker = new WorkingProcess<StorePlace>(script)
      await worker.open(started.place)
      const before = (await taken(asking)).length
      const enough = before + 40 + random.below(80)
      await until(async () => (await taken(asking)).length >= Math.min(enough, events * 3), {
        description: 'it did some of it',
        timeoutMs: 60_000,
      })
      await worker.kill()
    }
    await placing
    await using last = new WorkingProcess<StorePlace>(script)
    await last.open(started.place)
    await until(async () => (await taken(asking)).length >= events * 3, {
      description: 'all is done',
      timeoutMs: 60_000,
    })
    const all = await taken(asking)
    for (const { pid } of all) pids.add(pid)
    expectOnce(all)
    expect(pids.size).toBeGreaterThan(2)
  },
  180_000,
)
