/**
 * Lets a shop sell for a long time, each order to somebody new, and looks whether anything is kept that nobody
 * needs any more: memory, timers, connections.
 *
 *     npm run soak -- --backend sqlite --orders 50000
 *
 * Orders are placed and paid, or cancelled, by several at once; policies ship them, give back what was put aside
 * and schedule reminders, a view lists what is open, and subscribers of the bus and of the gateway's stream hear
 * of all of it. The first half fills what has a bound; in tenths of 5,000, what forgets by generations is as full
 * each time. Prints what is held after each tenth, and by how much the heap grew with each order of the second
 * half: where that is more than 50 bytes, or a connection or timer is left, the exit code is 1.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { open } from 'aether'
import { serve } from 'aether/http'
import { OpenOrders, policies } from '../examples/orders/policies.ts'
import { actors, cancelOrder, payOrder, placeOrder } from '../examples/orders/shop.ts'
import { Stock } from '../examples/orders/stock.ts'
import { historyBackends, startSetup } from '../test/history/history-setup.ts'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'sqlite' },
    orders: { type: 'string', default: '50000' },
  },
})
const backend = historyBackends.find((name) => name === values.backend)
const orders = Number(values.orders)
if (!backend || !Number.isSafeInteger(orders) || orders < 100) {
  console.error(`--backend is one of ${historyBackends.join(', ')}; --orders at least 100`)
  process.exit(2)
}

/** How many are served at the same time. */
const customers = 16
const products = 20
const cancelledPercent = 10
const mostBytesAnOrder = 50

setFlagsFromString('--expose-gc')
/** The last resort of V8: it lets go what an ordinary collection leaves for a while. */
const collectGarbage = runInNewContext('gc') as (options: object) => void

interface Held {
  readonly orders: number
  readonly heapBytes: number
  readonly resources: number
}

await using setup = await startSetup(backend)
await using shop = await open({
  backend: setup.backend,
  actors: [...actors],
  policies,
  projections: [OpenOrders],
  limits: { liveActors: 500 },
})
const readers = [...policies, OpenOrders]
const server = await serve(shop, { port: 0 })
const leaving = new AbortController()
let heard = 0
const listening = hearStream()
using _notices = shop.bus.subscribe({ stored: true, actorTypes: ['order'] }, () => void heard++)

for (let index = 0; index < products; index++)
  await shop.get(Stock, `p${index}`).receive({ count: 10 * orders })

const held: Held[] = []
for (let tenth = 1; tenth <= 10; tenth++) {
  await sell(Math.round(((tenth - 1) * orders) / 10), Math.round((tenth * orders) / 10))
  held.push(await whatIsHeld(Math.round((tenth * orders) / 10)))
}
leaving.abort()
await listening
await server.close()
report()

async function sell(from: number, to: number): Promise<void> {
  let next = from
  const serveCustomers = async (): Promise<void> => {
    while (next < to) await sellOne(next++)
  }
  await Promise.all(Array.from({ length: customers }, serveCustomers))
}

async function sellOne(index: number): Promise<void> {
  const id = randomUUID()
  await placeOrder(shop, id, [{ product: `p${index % products}`, count: 1, price: 4_900 }])
  if (index % 100 < cancelledPercent) await cancelOrder(shop, id, 'changed my mind')
  else await payOrder(shop, id, { payment: `${id}-1`, card: '4000 0000 0000 0002' })
}

/** Once all that follows from what happened is done. */
async function whatIsHeld(count: number): Promise<Held> {
  const position = await shop.events.lastPosition()
  for (const reader of readers)
    await shop.projection(reader).reached(position, { timeoutMs: 600_000 })
  // Once for what was finished, and once more for what that let go.
  for (let times = 0; times < 2; times++) {
    collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await setTimeout(10)
  }
  const { heapUsed: heapBytes, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo().length
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
  console.log(
    `${count} orders: heap ${mebibytes(heapBytes)}, resident ${mebibytes(rss)}, ${resources} timers and connections, ${shop.liveActors} live actors, ${heard} heard`,
  )
  return { orders: count, heapBytes, resources }
}

async function hearStream(): Promise<void> {
  const { body } = await fetch(new URL('/events/stream', server.url), { signal: leaving.signal })
  await body
    ?.pipeTo(new WritableStream({ write: () => void heard++ }))
    .catch((error: unknown) => leaving.signal.aborted || console.error(error))
}

function report(): void {
  const [middle, end] = [held[4], held[9]]
  if (!middle || !end) return
  const bytes = (end.heapBytes - middle.heapBytes) / (end.orders - middle.orders)
  const resources = end.resources - middle.resources
  console.log(`heap: ${bytes.toFixed(1)} bytes an order in the second half`)
  console.log(`timers and connections: ${resources} more than in the middle`)
  const isRight = bytes <= mostBytesAnOrder && resources <= 2
  console.log(isRight ? 'nothing is kept' : 'something is kept that nobody needs')
  if (!isRight) process.exitCode = 1
}
