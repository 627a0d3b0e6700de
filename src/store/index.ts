export type { Backend } from './backend.ts'
export type { CommitLog, VersionRange, WriteOutcome } from './commit-log.ts'
export { CommitLogEventStore } from './commit-log-event-store.ts'
export type { EventStoreOptions } from './commit-log-event-store.ts'
export { placeCommit } from './commit.ts'
export type { Commit, CommittedEvent } from './commit.ts'
export type {
  Appended,
  AppendOptions,
  AppendResult,
  Conflicted,
  EventStore,
  ExpectedVersion,
  ReadAllOptions,
  ReadOptions,
} from './event-store.ts'
