import type { StreamConfig, StreamInfo } from '@nats-io/jetstream'
import type { Retention } from '../../../store/index.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import { supportsAtomicBatches } from '../connection/server-version.ts'

export type StreamConfiguration = Partial<StreamConfig> & Pick<StreamConfig, 'name'>

/** The stream's metadata that says how long its events are kept at least. */
const keepForName = 'aether.keep-for-ms'
/** The stream's metadata by which its log is told from others. */
const logIdName = 'aether.log-id'

/**
 * What makes a stream the log of a namespace: complete, ordered, and never trimmed by itself. With
 * retention it may be purged, which can be taken back for ever; without, it can't be allowed any more.
 */
export function eventStreamConfiguration(
  { stream, all }: EventSubjects,
  replicas: number | undefined,
  serverVersion: string,
  retention?: Retention,
): StreamConfiguration {
  return {
    name: stream,
    subjects: [all],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    deny_delete: true,
    ...(retention ? {} : { deny_purge: true }),
    allow_direct: true,
    ...(supportsAtomicBatches(serverVersion) ? { allow_atomic: true } : {}),
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  }
}

/** What a stream that is made has besides. */
export function creationSettings(
  retention: Retention | undefined,
  logId: string,
): Partial<StreamConfig> {
  if (!retention) return { metadata: { [logIdName]: logId } }
  const metadata = { [keepForName]: String(retention.keepForMs), [logIdName]: logId }
  return { deny_purge: false, metadata }
}

/**
 * What the log of a stream is told from others by. One of an older Aether, or that somebody else made, has
 * only the time at which it was made: a server that restores it as part of a cluster takes that for now.
 */
export function logIdOf({ config, created }: Pick<StreamInfo, 'config' | 'created'>): string {
  return config.metadata?.[logIdName] ?? created
}

/** What the stream was made with. */
export function retentionOf({ metadata }: Partial<StreamConfig>): Retention | undefined {
  const text = metadata?.[keepForName]
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  return { keepForMs: Number(text) }
}

/** Settings by which a stream would change or lose messages, or take them from elsewhere. */
const forbidden = [
  'allow_msg_counter',
  'allow_msg_ttl',
  'allow_rollup_hdrs',
  'mirror',
  'no_ack',
  'sealed',
  'sources',
  'subject_transform',
] as const satisfies readonly (keyof StreamConfig)[]

/** How a stream differs from what it must be: a clause each. */
export function differencesBetween(
  wanted: StreamConfiguration,
  found: Partial<StreamConfig>,
): string[] {
  const settings = Object.entries(wanted) as [keyof StreamConfig, unknown][]
  const wrong = settings
    .filter(([name, value]) => show(found[name]) !== show(value))
    .map(([name, value]) => `${name} is ${show(found[name])}, must be ${show(value)}`)
  const excess = forbidden
    .filter((name) => found[name] && !(name in wanted))
    .map((name) => `${name} is ${show(found[name])}, must not be set`)
  // Acknowledges before anything is written.
  if (found.persist_mode === 'async') excess.push('persist_mode is "async", must not be set')
  return [...wrong, ...excess]
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'not set'
}
