import { AetherError } from '../../core/index.ts'
import { MessageSubjects } from './agenda/message-subjects.ts'
import { BusSubjects } from './bus/bus-subjects.ts'
import { EventSubjects } from './commits/event-subjects.ts'
import { checkNamespace } from './connection/nats-options.ts'
import { askServersSubject } from './durability/sync-settings.ts'
import { SnapshotSubjects } from './snapshots/snapshot-subjects.ts'
import { TableSubjects } from './tables/table-subjects.ts'

const roles = ['reader', 'writer', 'creator', 'trimmer'] as const

/**
 * What a login is for: `'reader'` reads, subscribes and hears the bus; `'writer'` appends and publishes as well; `'creator'` also
 * makes the streams when they are missing; `'trimmer'` reads, and removes events from a stream that was
 * made with retention: which ones, the server leaves to it.
 */
export type NatsRole = (typeof roles)[number]

/** As a user's `permissions` in nats-server's configuration: everything else is forbidden. */
export interface NatsPermissions {
  readonly publish: { readonly allow: readonly string[] }
  readonly subscribe: { readonly allow: readonly string[] }
}

/**
 * The least that a store of this namespace needs. Nobody may change or delete a stream or a message
 * with it, nor touch another namespace; only a trimmer may purge. Messages for later are for writers
 * alone.
 * @param role @default 'writer', which needs a stream that is there already
 * @throws AetherError `invalid-argument`
 */
export function natsPermissions(namespace: string, role: NatsRole = 'writer'): NatsPermissions {
  const events = new EventSubjects(checkNamespace(namespace))
  const snapshots = new SnapshotSubjects(namespace)
  const messages = new MessageSubjects(namespace)
  const bus = new BusSubjects(namespace)
  const tables = new TableSubjects(namespace)
  checkRole(role)
  const reading = [
    ...readingOf(events),
    ...consumingOf(events.stream),
    ...readingSnapshotsOf(snapshots),
    ...readingTablesOf(tables),
    askServersSubject,
  ]
  const writing = [
    events.all,
    ...writingSnapshotsOf(snapshots),
    ...usingMessagesOf(messages),
    ...writingTablesOf(tables),
    bus.all,
  ]
  // What a snapshot needs stays: a replica may not know yet of one that was just saved.
  const trimming = [
    `$JS.API.STREAM.PURGE.${events.stream}`,
    `$JS.API.STREAM.MSG.GET.${snapshots.stream}`,
  ]
  const creating = [events, snapshots, messages, tables].map(
    ({ stream }) => `$JS.API.STREAM.CREATE.${stream}`,
  )
  const allow = [
    ...reading,
    ...(role === 'writer' || role === 'creator' ? writing : []),
    ...(role === 'trimmer' ? trimming : []),
    ...(role === 'creator' ? creating : []),
  ]
  return { publish: { allow }, subscribe: { allow: [`${events.inboxes}.>`, bus.all] } }
}

function readingOf({ stream }: EventSubjects): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
  ]
}

/**
 * For the consumers that wake subscriptions and who watches tables, without which they are woken each
 * second, and those of long reads, which go on without, more slowly. A consumer's name may be followed by what it is to bring.
 */
function consumingOf(stream: string): string[] {
  return [
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ]
}

function readingSnapshotsOf({ stream, all }: SnapshotSubjects): string[] {
  return [`$JS.API.DIRECT.GET.${stream}.${all}`]
}

function writingSnapshotsOf({ stream, all }: SnapshotSubjects): string[] {
  return [all, `$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.MSG.GET.${stream}`]
}

/** A message that is done with is taken away, and so are the alarms of reminders. */
function usingMessagesOf({ stream, all }: MessageSubjects): string[] {
  return [
    all,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    `$JS.API.STREAM.PURGE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.*`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.*`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.ACK.${stream}.>`,
  ]
}

/** One by one from the leader, many at once from any replica; and to be told of changes as of events. */
function readingTablesOf({ stream }: TableSubjects): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    ...consumingOf(stream),
    // So the client asks for a consumer that filters by several subjects.
    `$JS.API.CONSUMER.CREATE.${stream}`,
  ]
}

/** A table that nobody uses any more is cleared by a purge. */
function writingTablesOf({ stream, all }: TableSubjects): string[] {
  return [all, `$JS.API.STREAM.PURGE.${stream}`]
}

function checkRole(role: NatsRole): void {
  if (roles.includes(role)) return
  throw new AetherError(
    'invalid-argument',
    `role must be ${roles.join(', ')}, not ${JSON.stringify(role)}`,
  )
}
