export { ActorTurns } from './append/actor-turns.ts'
export type {
  Agenda,
  AgendaEntry,
  AgendaKey,
  AgendaKind,
  HandOut,
  HandOutOptions,
  NextEntry,
  ReplacesEntry,
  TakeEntry,
} from './agenda/agenda.ts'
export type { Backend } from './backend.ts'
export type { Address, AddressPattern, Broadcast, BroadcastObserver } from './broadcast.ts'
export type { Claim, ClaimRequest, ClaimTable } from './agenda/claim-table.ts'
export { ClaimingAgenda } from './agenda/claiming-agenda.ts'
export { CommitLogEventStore } from './commit-log-event-store.ts'
export type { EventStoreOptions } from './event-store-options.ts'
export type {
  ActorEvents,
  AuditEntry,
  CommitLog,
  LogEntry,
  LogRange,
  LogRetention,
  StorageDamage,
  VersionRange,
  WriteOutcome,
} from './commit-log.ts'
export type { LogIdentity } from './log-identity.ts'
export { checkRetention, describeRetention } from './retention/retention.ts'
export type { Retention } from './retention/retention.ts'
export type { TrimOptions, TrimReport } from './retention/trimmer.ts'
export { UnderWay } from './append/under-way.ts'
export { RecentMap } from './recent-map.ts'
export { firstVersionOf, isGuard, isMet, placePart } from './append/commit.ts'
export type { Commit, CommitPart, CommittedEvent, ExpectedVersion } from './append/commit.ts'
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
  ReadAllOptions,
  ReadOptions,
  SubscribeOptions,
  VersionedAppend,
  VersionedEvent,
  WriteOptions,
} from './event-store.ts'
export type { Document, DocumentTable, ListOptions } from './tables/document-table.ts'
export type { TableShelf } from './tables/document-tables.ts'
export { ofAnotherLog } from './projecting/of-another-log.ts'
export type { InlineStep, StoreTransaction } from './projecting/inline-step.ts'
export type { Progress, ProgressChange, ProjectionBuild } from './projecting/progress.ts'
export type {
  HandlerResult,
  InlineTarget,
  ProjectionTarget,
} from './projecting/projection-target.ts'
export { exportEvents } from './moving/export-events.ts'
export type { ExportOptions, ExportProgress } from './moving/export-events.ts'
export { importEvents } from './moving/import-events.ts'
export type { ImportOptions, ImportReport } from './moving/import-events.ts'
export { actorFilter, checkFilter } from './reading/log-filter.ts'
export type { EventRead } from './reading/event-read.ts'
export type { LogFilter } from './reading/log-filter.ts'
export type { Replaces, ShelfOffer, SnapshotShelf } from './snapshots/snapshot-shelf.ts'
export type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshots/snapshot.ts'
export type { StoredListener } from './append/stored-listeners.ts'
export type { StoreObserver } from './store-observer.ts'
export type { OnMalformed } from './reading/reading.ts'
export type { Subscription } from './reading/subscription.ts'
export { verifyStore } from './moving/verify-store.ts'
export type { Finding, VerifyOptions, VerifyReport } from './moving/verify-store.ts'
