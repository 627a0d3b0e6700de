import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startNatsServer } from '../support/nats.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { openAt, Order, type Place, type Warehouse } from './place.ts'

const script = fileURLToPath(new URL('policy-child.ts', import.meta.url))
const orders = 20
const events = 600

/** A process that does what the policies say. */
class Worker implements AsyncDisposable {
  readonly #child: ChildProcess = fork(script, { execPath: process.execPath, execArgv: [] })
  readonly #ended = once(this.#child, 'exit')

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async open(place: Place): Promise<void> {
    const opened = once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) })
    this.#child.send(place)
    await opened
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#ended
  }
}

interface Setup extends AsyncDisposable {
  readonly place: Place
}

const setups = [
  {
    title: 'SQLite',
    async start(): Promise<Setup> {
      const folder = await temporaryFolder()
      const place = { file: join(folder.path, 'warehouse.db') }
      return { place, [Symbol.asyncDispose]: () => folder.remove() }
    },
  },
  {
    title: 'JetStream',
    async start(): Promise<Setup> {
      const server = await startNatsServer()
      const place = { servers: server.url, namespace: 'warehouse', durability: 'trust' } as const
      return { place, [Symbol.asyncDispose]: () => server.stop() }
    },
  },
]

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

test.each(setups)(
  'kill -9 again and again on $title: each event takes effect once, in order',
  async ({ start }) => {
    const random = new SeededRandom(7)
    await using setup = await start()
    await using asking = await openAt(setup.place, false)
    const placing = placeOrders(asking)
    const pids = new Set<number>()
    for (let kills = 0; kills < 4; kills++) {
      await using worker = new Worker()
      await worker.open(setup.place)
      const before = (await taken(asking)).length
      const enough = before + 40 + random.below(80)
      await until(async () => (await taken(asking)).length >= Math.min(enough, events * 3), {
        description: 'it did some of it',
        timeoutMs: 60_000,
      })
      await worker.kill()
    }
    await placing
    await using last = new Worker()
    await last.open(setup.place)
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
