import { projection, type ProjectionDefinition } from 'aether'
import type { Pool } from 'pg'
import { Order } from '../orders/order.ts'
import { PostgresTables } from './postgres-tables.ts'

/** What a shop looks up in its database: its orders, and what each day brought in. */
export function sales(pool: Pool): ProjectionDefinition {
  return projection({
    name: 'sales',
    actors: [Order],
    target: new PostgresTables(pool, {
      sale: `id text PRIMARY KEY, status text NOT NULL, cents int NOT NULL`,
      day_total: `day date PRIMARY KEY, orders int NOT NULL, cents bigint NOT NULL`,
    }),
    on: {
      Placed: ({ key, data }, tx) =>
        tx.query(`INSERT INTO sale VALUES ($1, 'placed', $2)`, [key, data.total]),
      Paid: async ({ key, time }, tx) => {
        await tx.query(`UPDATE sale SET status = 'paid' WHERE id = $1`, [key])
        await tx.query(
          `INSERT INTO day_total SELECT $2, 1, cents FROM sale WHERE id = $1
           ON CONFLICT (day) DO UPDATE
           SET orders = day_total.orders + 1, cents = day_total.cents + excluded.cents`,
          [key, time.slice(0, 10)],
        )
      },
      Cancelled: ({ key }, tx) =>
        tx.query(`UPDATE sale SET status = 'cancelled' WHERE id = $1`, [key]),
    },
  })
}
