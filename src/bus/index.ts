export type {
  BusCounters,
  BusHandler,
  BusListener,
  BusMessage,
  BusSubscribeOptions,
  BusSubscription,
  EventBus,
  EventStored,
  MessageFilter,
  NewBusMessage,
  StoredFilter,
  WhenFull,
} from './event-bus.ts'
export { openEventBus } from './open-event-bus.ts'
export type { EventBusOptions } from './open-event-bus.ts'
