import { groups } from './groups.ts'
import type { Order } from './run-apart.ts'

const order = JSON.parse(process.env['AETHER_BENCH_ORDER'] ?? '{}') as Order
const group = groups.find(({ name }) => name === order.group)
await group?.run(order.word, order.rounds, (outcome) => process.send?.(outcome))
// Some libraries have no way to close their connections.
process.exit(0)
