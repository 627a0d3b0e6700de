export {
  actorId,
  actorIdsOf,
  checkActorId,
  checkType,
  decodeActorId,
  decodeKey,
  encodeKey,
  parseActorId,
} from './actor-id.ts'
export type { ActorAddress, ActorId } from './actor-id.ts'
export { CheckedEvent } from './checked-event.ts'
export type { EventContent } from './checked-event.ts'
export { systemClock } from './clock.ts'
export type { Clock } from './clock.ts'
export {
  ActorFailedError,
  AetherError,
  CommandRejectedError,
  errorCodes,
  ImportRefusedError,
  InvalidEventError,
  InvalidInputError,
  isAetherError,
  MalformedEventError,
  messageOf,
  VersionConflictError,
  WriteRefusedError,
} from './errors.ts'
export type { ErrorCode, Issue } from './errors.ts'
export type { NewEvent, StoredEvent } from './event.ts'
export { grown } from './grown.ts'
export { numberedIds, randomIds, uuidsBehind, uuidSeries } from './ids.ts'
export type { IdSource } from './ids.ts'
export { checkJson, freezeJson, parseJson, toJson } from './json.ts'
export type { JsonValue } from './json.ts'
export { parseJsonText } from './json-text.ts'
export { isWorkWaiting, LongWork, nextTurn, Promptness } from './long-work.ts'
export { processLogger, silentLogger } from './logger.ts'
export type { Logger } from './logger.ts'
export { steadyLogger } from './steady-logger.ts'
export { checkedMetadata, checkMetadata, metadataFrom, noMetadata } from './metadata.ts'
export type { Metadata } from './metadata.ts'
export { describeSchema, isSchema, validate, validateSync } from './schema.ts'
export type { Schema, SchemaInput, SchemaOutput, Validation } from './schema.ts'
export { keepSpecimen } from './specimen.ts'
export { traceOf } from './trace.ts'
export type { Trace } from './trace.ts'
export type { SpanAttributes, SpanStart, TraceSpan, Tracing } from './tracing.ts'
export { TurnClock } from './turn-clock.ts'
export { unlessAborted } from './unless-aborted.ts'
