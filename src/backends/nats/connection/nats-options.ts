import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { AetherError } from '../../../core/index.ts'
import { checkRetention, type Retention } from '../../../store/index.ts'
import { parseServers, type ServerAddresses } from './server-addresses.ts'

/** How to reach and use JetStream. */
export interface NatsOptions extends NatsCredentials {
  /** `nats://host:4222`, one or several of the same cluster; may carry `user:password@`. */
  readonly servers: string | readonly string[]
  /** Keeps streams and subjects apart: 1 to 64 letters, digits, `_` or `-`. @default 'default' */
  readonly namespace?: string
  /**
   * On how many servers each event is kept, 1 to 5. An existing stream must have exactly as many.
   * @default 1 for a new stream; an existing one may have any
   */
  readonly replicas?: number
  /** What the server's monitoring calls this client. @default 'aether' */
  readonly name?: string
  /** How long opening may wait for a server's greeting. @default 5,000 */
  readonly connectTimeoutMs?: number
  /** How long one request waits for its answer before it is repeated. @default 5,000 */
  readonly requestTimeoutMs?: number
  /**
   * How long an operation goes on trying without a server or a stream leader, in all its steps together; beside it
   * comes the request that is under way by then. A cluster needs up to 7 s to replace a leader. @default 15,000
   */
  readonly retryForMs?: number
  /**
   * Of how many actors it is remembered where their newest commits stand: writes needn't ask for that, and
   * loading one of up to some 64 commits takes one round trip. @default 10,000
   */
  readonly rememberedActors?: number
  /**
   * What to do about servers that acknowledge an event before their disk keeps it, as they do by
   * default, or of which that can't be found out: `'warn'` tells the store's logger, once for each
   * server; `'require'` refuses to open; `'trust'` doesn't look. It's looked at when the store is
   * opened, at the servers that keep the stream then. @default 'warn'
   */
  readonly durability?: Durability
  /**
   * The HTTP monitoring of the servers, `http://host:8222` each, by which `durability` is found out.
   * @default none: they are asked through the connection, which most accounts may not
   */
  readonly monitoring?: string | readonly string[]
  /**
   * Allows `trim` to remove old events from a stream that is made now. A stream that is there already
   * must have been made with exactly this. @default every event of a new stream is kept; an existing one
   * may have been made with any
   */
  readonly retention?: Retention
  /** Also uses servers before 2.14.4, whose conditional writes are not safe. @default false */
  readonly allowOldServer?: boolean
}

const durabilities = ['warn', 'require', 'trust'] as const

type Durability = (typeof durabilities)[number]

/** How to log in, as the NATS client takes it. */
export type NatsCredentials = Pick<
  NodeConnectionOptions,
  'user' | 'pass' | 'token' | 'authenticator' | 'tls'
>

/** {@link NatsOptions}, checked and complete. */
export interface NatsSettings {
  readonly addresses: ServerAddresses
  readonly credentials: NatsCredentials
  readonly namespace: string
  readonly replicas: number | undefined
  readonly name: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly retryForMs: number
  readonly rememberedActors: number
  readonly durability: Durability
  readonly monitoring: readonly string[]
  readonly retention: Retention | undefined
  readonly allowOldServer: boolean
}

/** @throws AetherError `invalid-argument` */
export function checkOptions(options: NatsOptions): NatsSettings {
  const { user, pass, token, authenticator, tls } = options
  return {
    addresses: parseServers(options.servers),
    credentials: defined({ user, pass, token, authenticator, tls }),
    namespace: checkNamespace(options.namespace ?? 'default'),
    replicas: options.replicas === undefined ? undefined : within('replicas', options.replicas, 5),
    name: options.name ?? 'aether',
    connectTimeoutMs: within('connectTimeoutMs', options.connectTimeoutMs ?? 5_000),
    requestTimeoutMs: within('requestTimeoutMs', options.requestTimeoutMs ?? 5_000),
    retryForMs: within('retryForMs', options.retryForMs ?? 15_000),
    rememberedActors: within('rememberedActors', options.rememberedActors ?? 10_000),
    durability: checkDurability(options.durability ?? 'warn'),
    monitoring: [options.monitoring ?? []].flat().map(checkMonitoring),
    retention: options.retention && checkRetention(options.retention),
    allowOldServer: options.allowOldServer ?? false,
  }
}

/** @throws AetherError `invalid-argument` */
export function checkNamespace(namespace: string): string {
  if (typeof namespace === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(namespace)) return namespace
  throw new AetherError(
    'invalid-argument',
    `namespace must be 1 to 64 letters, digits, _ or -, not ${JSON.stringify(namespace)}`,
  )
}

function checkDurability(durability: Durability): Durability {
  if (durabilities.includes(durability)) return durability
  throw new AetherError(
    'invalid-argument',
    `durability must be ${durabilities.join(', ')}, not ${JSON.stringify(durability)}`,
  )
}

/** The address without a slash at its end. */
function checkMonitoring(address: string): string {
  const url = typeof address === 'string' ? URL.parse(address) : null
  const isMonitoring =
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username + url.password + url.search + url.hash === ''
  if (isMonitoring) return url.href.replace(/\/+$/, '')
  throw new AetherError(
    'invalid-argument',
    'monitoring must be addresses such as http://127.0.0.1:8222, without a login or a query',
  )
}

/** The greatest delay that a timer takes. */
const maxTimerMs = 2 ** 31 - 1

function within(name: string, value: number, most: number = maxTimerMs): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from 1 to ${most}, not ${String(value)}`,
  )
}

/** The client takes a property that is there but undefined for a value. */
function defined<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
