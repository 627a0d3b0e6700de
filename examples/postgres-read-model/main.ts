import { open } from 'aether'
import { sqlite } from 'aether/sqlite'
import { Pool } from 'pg'
import { actors, cancelOrder, payOrder, placeOrder } from '../orders/shop.ts'
import { Stock } from '../orders/stock.ts'
import { sales } from './sales.ts'

const [connectionString] = process.argv.slice(2)
if (connectionString === undefined) {
  console.error('Say which database: npm run orders-in-postgres -- postgresql://localhost/shop')
  process.exit(2)
}

const pool = new Pool({ connectionString })
const Sales = sales(pool)
const shop = await open({
  backend: sqlite('shop.db'),
  actors: [...actors],
  projections: [Sales],
})

const run = Date.now().toString(36)
await shop.get(Stock, 'lamp').receive({ count: 3 })
for (const id of [1, 2, 3].map((number) => `${run}-${number}`))
  await placeOrder(shop, id, [{ product: 'lamp', count: 1, price: 4_900 }])
await payOrder(shop, `${run}-1`, { payment: `${run}-p`, card: '4000 0000 0000 0002' })
await cancelOrder(shop, `${run}-2`, 'changed my mind')

await shop.projection(Sales).reached(await shop.events.lastPosition())
console.table((await pool.query('SELECT * FROM sale ORDER BY id DESC LIMIT 9')).rows)
console.table(
  (await pool.query('SELECT day::text, orders, cents FROM day_total ORDER BY day')).rows,
)

await shop.close()
await pool.end()
