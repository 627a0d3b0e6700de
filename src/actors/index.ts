export { ActorHost } from './actor-host.ts'
export type { ActorObserver, DeliveryOutcome, PassivationReason } from './live/actor-observer.ts'
export type { LookOptions, Onlooker } from './live/onlooker.ts'
export type { HistoryEntry, HistoryOptions, StateAt } from './live/state-at.ts'
export { actorIdOf, ActorRefs } from './actor-ref.ts'
export type { ActorIdentity, ActorRef, Arguments } from './actor-ref.ts'
export type {
  CommandOptions,
  CommandOutcome,
  CommandResult,
  DeliveryOptions,
  OutcomeOptions,
  Since,
} from './deciding/command.ts'
export { decide } from './deciding/decide.ts'
export { actor, isActorDefinition } from './definition/definition.ts'
export type {
  ActorDefinition,
  AnswersOf,
  CommandsOf,
  EventOf,
  EventsOf,
  PreparationsOf,
  QueriesOf,
  RejectionsOf,
  RepliesOf,
  StateOf,
} from './definition/definition.ts'
export type { NextState } from './definition/next-state.ts'
export { event } from './definition/event.ts'
export type { EventChanges, Upcast } from './definition/event.ts'
export { isRejected } from './definition/is-rejected.ts'
export type { RejectedError } from './definition/is-rejected.ts'
export type { Finding } from './check/finding.ts'
export { type ActorState, foldDecided, foldStored, initialOf } from './replay/fold.ts'
export { completeLimits } from './live/limits.ts'
export type { ActorLimits } from './live/limits.ts'
export { makeCommand } from './deciding/make-command.ts'
export type { ActorModel } from './definition/model.ts'
export type {
  ParticipantOf,
  ParticipantsOf,
  References,
  TransactionResults,
} from './participants.ts'
export type { QuarantinedActor } from './live/quarantine.ts'
export type {
  ReminderOptions,
  ReminderSettings,
  ReminderTime,
  RemindersOptions,
  TellOptions,
  UnscheduleOptions,
} from './reminders/reminder-options.ts'
export type { Reminder } from './reminders/reminder.ts'
export { Reminders } from './reminders/reminders.ts'
export { reject } from './definition/reject.ts'
export type { Rejection } from './definition/reject.ts'
export type {
  ActorSpec,
  CommandDecision,
  CommandInput,
  CommandPreparation,
  CommandReply,
  DecidedEvent,
  Decision,
  DecisionContext,
  EventConstructors,
  EventSchemas,
  InputSchemas,
  Outputs,
  PrepareContext,
  QueryAnswer,
  QueryContext,
  ReplyContext,
  SnapshotSpec,
} from './definition/spec.ts'
export { StoreCheck } from './check/store-check.ts'
export { readStored, storedAtVersion } from './replay/stored-event.ts'
export type { BoundEvent, Participant } from './transaction/participant.ts'
export type {
  TransactionContext,
  TransactionDecision,
  TransactionOptions,
} from './transaction/transaction.ts'
