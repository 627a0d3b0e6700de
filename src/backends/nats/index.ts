export { nats, type NatsBackend } from './nats-backend.ts'
export { natsLogin } from './connection/nats-login.ts'
export type { NatsOptions } from './connection/nats-options.ts'
export { natsPermissions, type NatsPermissions, type NatsRole } from './nats-permissions.ts'
