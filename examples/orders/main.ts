import { CommandRejectedError, open } from 'aether'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { Order } from './order.ts'
import { OpenOrders, policies } from './policies.ts'
import { actors, cancelOrder, expireOrder, payOrder, placeOrder } from './shop.ts'
import { Stock } from './stock.ts'

const [file] = process.argv.slice(2)

await using shop = await open({
  backend: file ? sqlite(file) : memory(),
  actors: [...actors],
  policies,
  projections: [OpenOrders],
})
const lamp = shop.get(Stock, 'lamp')
const shade = shop.get(Stock, 'shade')

/** Shows what there is once all that follows from what happened is done. */
async function show(what: string): Promise<void> {
  const position = await shop.events.lastPosition()
  for (const each of [...policies, OpenOrders]) await shop.projection(each).reached(position)
  console.log(`${what}: ${await lamp.available()} lamps, ${await shade.available()} shades`)
}

async function toBePaid(): Promise<string> {
  const orders = await Array.fromAsync(shop.view(OpenOrders).list())
  return orders.map(({ key, state }) => `${key} (${state.total / 100})`).join(', ') || 'nothing'
}

await lamp.receive({ count: 5 }, { commandId: 'delivery-1' })
await shade.receive({ count: 2 }, { commandId: 'delivery-2' })
await show('received')

const two = [
  { product: 'lamp', count: 2, price: 4_900 },
  { product: 'shade', count: 2, price: 1_500 },
]
await placeOrder(shop, 'o-1', two)
await placeOrder(shop, 'o-1', two) // again, as after a time-out: nothing more happens
await show('o-1 placed')

try {
  await placeOrder(shop, 'o-2', two)
} catch (error) {
  if (!(error instanceof CommandRejectedError)) throw error
  await show(`o-2 refused, ${error.actorId} ${error.rejection} ${JSON.stringify(error.details)}`)
}

console.log('o-1', await payOrder(shop, 'o-1', { payment: 'p-1', card: '4000 0000 0000 0000' }))
console.log('o-1', await payOrder(shop, 'o-1', { payment: 'p-2', card: '4000 0000 0000 0002' }))

await placeOrder(shop, 'o-3', [{ product: 'lamp', count: 3, price: 4_900 }])
await show('o-3 placed')
console.log('to be paid:', await toBePaid())
await expireOrder(shop, 'o-3')
await show('o-3 unpaid for too long')
console.log('to be paid:', await toBePaid())
console.log('o-3', await payOrder(shop, 'o-3', { payment: 'p-3', card: '4000 0000 0000 0002' }))

await placeOrder(shop, 'o-4', [{ product: 'lamp', count: 1, price: 4_900 }])
await cancelOrder(shop, 'o-4', 'changed my mind')
await show('o-4 cancelled')

for (const id of ['o-1', 'o-2', 'o-3', 'o-4'])
  console.log(id, (await shop.state(shop.get(Order, id))).state.status)
