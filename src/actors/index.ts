export { ActorHost } from './actor-host.ts'
export type { LookOptions } from './actor-host.ts'
export { makeRef } from './actor-ref.ts'
export type { ActorRef } from './actor-ref.ts'
export type { CommandOptions, CommandResult } from './command.ts'
export { actor, isActorDefinition } from './definition.ts'
export type { ActorDefinition, CommandsOf, EventOf, StateOf } from './definition.ts'
export { completeLimits } from './limits.ts'
export type { ActorLimits } from './limits.ts'
export { reject } from './reject.ts'
export type { Rejection } from './reject.ts'
export type {
  ActorSpec,
  CommandInputs,
  CommandSpec,
  DecidedEvent,
  Decision,
  DecisionContext,
  EventConstructors,
  EventSchemas,
} from './spec.ts'
