import type { IncomingMessage } from 'node:http'
import type { Node } from 'aether'

export declare const node: Node
export declare function whoAsks(incoming: IncomingMessage): string | undefined
export declare function mayAsk(who: string, incoming: IncomingMessage): boolean
