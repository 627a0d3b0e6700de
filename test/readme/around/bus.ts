import type { BusMessage, Node } from 'aether'

export declare const node: Node
export declare const signal: AbortSignal
export declare function handle(message: BusMessage): void
export declare function show(message: BusMessage): void
