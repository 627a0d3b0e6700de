export type {
  AnyEventOf,
  EventNamed,
  EventNameOf,
  HandledEvent,
} from './definition/handled-event.ts'
export { policy } from './policies/policy.ts'
export type { PolicyDefinition, PolicySpec } from './policies/policy.ts'
export type { PolicyContext, ReactionOptions } from './policies/policy-context.ts'
export { idempotencyKeyOf } from './policies/reaction.ts'
export type { Reach } from './policies/reaction.ts'
export { EventIntake } from './reading/event-intake.ts'
export { projection } from './projection.ts'
export type { ProjectionDefinition, ProjectionSpec } from './projection.ts'
export type { ProjectionLag, ProjectionStatus } from './steering/projection-status.ts'
export { Projections } from './projections.ts'
export { isReaderDefinition } from './is-reader-definition.ts'
export type { ReaderDefinition } from './definition/reader-definition.ts'
export { ReaderDesk } from './steering/reader-desk.ts'
export type {
  InspectOptions,
  RebuildOptions,
  SkipOptions,
  SteerOptions,
} from './steering/steering-options.ts'
export type { HeldCause } from './progress/held-actor.ts'
export type { ParkedActor, Skip } from './steering/held-desk.ts'
export type { Reached, ReachedOptions } from './steering/position-waiters.ts'
export { ProjectionHandle } from './steering/projection-handle.ts'
export type { ReaderHealth } from './steering/reader-health.ts'
export type { Handling, ReaderName, ReaderObserver } from './reading/reader-observer.ts'
export type { HandlerContext } from './definition/reader-model.ts'
export type { ReaderOptions } from './definition/reader-options.ts'
export { view } from './views/view.ts'
export type { DocumentOf, ViewDefinition, ViewSpec } from './views/view.ts'
export { type ViewGetOptions, type ViewListOptions, ViewReader } from './views/view-reader.ts'
export type { LeaseTimes } from './membership/join-members.ts'
