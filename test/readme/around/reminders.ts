import type { Node } from 'aether'
import { Order } from './order.ts'

export { Order }

export declare const node: Node<typeof Order>
export declare const tomorrow: Date
