import type { WriteStream } from 'node:fs'
import type { EventStore, StoredEvent } from 'aether'

export { once } from 'node:events'

export declare const store: EventStore
export declare const shipped: StoredEvent
export declare const data: unknown
export declare const saved: string
export declare function handle(event: StoredEvent): Promise<void>
export declare function keep(checkpoint: string): Promise<void>
export declare const from: EventStore
export declare const to: EventStore
export declare const file: WriteStream
export declare const lines: AsyncIterable<string>
