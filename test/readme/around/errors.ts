import type { AetherError, Node } from 'aether'
import { Account } from '../../../examples/bank/bank.ts'

export { Account }

export declare const bank: Node<typeof Account>
export declare const commandId: string
export declare function sorry(error: AetherError): void
export declare function tryAgain(commandId: string): void
