export { ActorHost } from './actor-host.ts'
export type { ActorObserver, DeliveryOutcome, PassivationReason } from './actor-observer.ts'
export type { LookOptions } from './actor-host.ts'
export { actorIdOf, ActorRefs } from './actor-ref.ts'
export type { ActorIdentity, ActorRef, Arguments } from './actor-ref.ts'
export type { CommandOptions, CommandResult } from './command.ts'
export { decide } from './decide.ts'
export { actor, isActorDefinition } from './definition.ts'
export type {
  ActorDefinition,
  AnswersOf,
  CommandsOf,
  EventOf,
  EventsOf,
  PreparationsOf,
  QueriesOf,
  RepliesOf,
  StateOf,
} from './definition.ts'
export { event } from './event.ts'
export type { EventChanges, Upcast } from './event.ts'
export type { Finding } from './finding.ts'
export { type ActorState, foldDecided, foldStored, initialOf } from './fold.ts'
export { completeLimits } from './limits.ts'
export type { ActorLimits } from './limits.ts'
export { makeCommand } from './make-command.ts'
export type { ActorModel } from './model.ts'
export type {
  ParticipantOf,
  ParticipantsOf,
  References,
  TransactionResults,
} from './participants.ts'
export type { QuarantinedActor } from './quarantine.ts'
export type { ReminderOptions, RemindersOptions, TellOptions } from './reminder-options.ts'
export type { Reminder } from './reminder.ts'
export { Reminders } from './reminders.ts'
export { reject } from './reject.ts'
export type { Rejection } from './reject.ts'
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
} from './spec.ts'
export { StoreCheck } from './store-check.ts'
export { readStored, storedAtVersion } from './stored-event.ts'
export type {
  BoundEvent,
  Participant,
  TransactionContext,
  TransactionDecision,
} from './transaction.ts'
