import type { ActorRef } from 'aether'
import type { Account } from '../../../examples/bank/bank.ts'

export declare const account: ActorRef<typeof Account>
/** What the caller keeps of what it asked for. */
export declare const order: { readonly createdAt: Date }
