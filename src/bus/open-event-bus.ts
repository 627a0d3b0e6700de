import {
  type Clock,
  type IdSource,
  type Logger,
  randomIds,
  steadyLogger,
  systemClock,
} from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import type { EventBus } from './event-bus.ts'
import { MessageBus } from './message-bus.ts'

/** Settings of a bus. */
export interface EventBusOptions {
  /**
   * Whether other processes are told of each event that is stored here, whether somebody listens or not: at
   * once, and then of all that is stored within 5 ms together. This process is told in any case, where
   * somebody listens. @default true
   */
  readonly announceStored?: boolean
  /** @default the system's */
  readonly clock?: Clock
  /** @default random UUIDs */
  readonly ids?: IdSource
  /** @default warnings of the process */
  readonly logger?: Logger
}

/**
 * The bus of whatever the store is in: on NATS all processes of its namespace, over its connection; in
 * memory and on SQLite this store alone, as others on the same file don't hear it. One bus a store, as two of
 * them don't hear each other: a node has one already. Close it before the store.
 */
export function openEventBus(
  store: Pick<EventStore, 'onStored' | 'broadcast'>,
  options: EventBusOptions = {},
): EventBus {
  const { clock = systemClock, ids = randomIds } = options
  return new MessageBus({
    clock,
    ids,
    logger: steadyLogger(options.logger),
    onStored: (listener) => store.onStored(listener),
    broadcast: store.broadcast,
    announceStored: options.announceStored ?? true,
  })
}
