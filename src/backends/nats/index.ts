export { nats } from './nats-backend.ts'
export type { NatsOptions } from './nats-options.ts'
