export { ActorTurns } from './actor-turns.ts'
export type {
  Agenda,
  AgendaEntry,
  AgendaKey,
  AgendaKind,
  HandOutOptions,
  NextEntry,
  ReplacesEntry,
  TakeEntry,
} from './agenda.ts'
export type { Backend } from './backend.ts'
export type { Address, AddressPattern, Broadcast, BroadcastObserver } from './broadcast.ts'
export type { Claim, ClaimRequest, ClaimTable } from './claim-table.ts'
export { ClaimingAgenda } from './claiming-agenda.ts'
export { CommitLogEventStore } from './commit-log-event-store.ts'
export type { EventStoreOptions } from './commit-log-event-store.ts'
export type {
  AuditEntry,
  CommitLog,
  LogEntry,
  LogRange,
  LogRetention,
  StorageDamage,
  VersionRange,
  WriteOutcome,
} from './commit-log.ts'
export { checkRetention, describeRetention } from './retention.ts'
export type { Retention } from './retention.ts'
export type { TrimOptions, TrimReport } from './trimmer.ts'
export { UnderWay } from './under-way.ts'
export { RecentMap } from './recent-map.ts'
export { firstVersionOf, isMet, placePart } from './commit.ts'
export type { Commit, CommitPart, CommittedEvent } from './commit.ts'
export type {
  Append,
  Appended,
  AppendOptions,
  AppendResult,
  Collecting,
  CommitResult,
  Committed,
  Conflicted,
  EventStore,
  ExpectedVersion,
  OnMalformed,
  ReadAllOptions,
  ReadOptions,
  SubscribeOptions,
  VersionedAppend,
  VersionedEvent,
} from './event-store.ts'
export type { Document, DocumentTable } from './document-table.ts'
export type { TableShelf } from './document-tables.ts'
export type { InlineStep, InlineTarget, StoreTransaction } from './inline-target.ts'
export type {
  HandlerResult,
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from './projection-target.ts'
export { exportEvents } from './export-events.ts'
export type { ExportOptions, ExportProgress } from './export-events.ts'
export { importEvents } from './import-events.ts'
export type { ImportOptions, ImportReport } from './import-events.ts'
export { actorFilter, checkFilter } from './log-filter.ts'
export type { LogFilter } from './log-filter.ts'
export type { Replaces, SnapshotShelf } from './snapshot-shelf.ts'
export type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshot.ts'
export type { StoredListener } from './stored-listeners.ts'
export type { StoreObserver } from './store-observer.ts'
export type { Subscription } from './subscription.ts'
export { verifyStore } from './verify-store.ts'
export type { Finding, VerifyOptions, VerifyReport } from './verify-store.ts'
