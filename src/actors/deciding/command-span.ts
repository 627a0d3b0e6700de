import {
  type ActorId,
  CommandRejectedError,
  isAetherError,
  noMetadata,
  type SpanAttributes,
  type TraceSpan,
  type Tracing,
} from '../../core/index.ts'
import type { CommandOptions, CommandResult } from './command.ts'

/** What is shown as a span. */
interface Traced<Result> {
  readonly name: string
  readonly attributes: SpanAttributes
  readonly options: CommandOptions
  /** What is to be seen of the result. */
  readonly show: (result: Result) => SpanAttributes
}

/**
 * Carries something out as a span that lasts until it is answered. Its events tell the span in their
 * metadata, so that what follows from them can go on with its trace.
 */
export function traced<Result>(
  tracing: Tracing,
  { name, attributes, options, show }: Traced<Result>,
  carryOut: (options: CommandOptions, span: TraceSpan) => Promise<Result>,
): Promise<Result> {
  const { metadata = noMetadata, commandId } = options
  const named = { ...attributes, 'aether.command.id': commandId }
  const span = tracing.begin({ name, metadata, attributes: named })
  const answered = carryOut({ ...options, metadata: span.stamp(metadata) }, span)
  void answered.then(
    (result) => {
      span.set({ 'aether.outcome': 'done', ...show(result) })
      span.end()
    },
    (reason: unknown) => {
      noteFailure(span, reason)
      span.end()
    },
  )
  return answered
}

/** What a span says of a command to one actor. */
export function ofCommand(
  type: string,
  name: string,
  actorId: ActorId,
  options: CommandOptions,
): Traced<CommandResult> {
  return {
    name: `${type}.${name}`,
    attributes: { 'aether.actor.type': type, 'aether.actor.id': actorId, 'aether.command': name },
    options,
    show: ({ version, events }) => ({ 'aether.version': version, 'aether.events': events.length }),
  }
}

/** What a span says of a decision over several actors. */
export function ofTransaction(
  actorIds: readonly ActorId[],
  options: CommandOptions & { readonly name?: string },
): Traced<readonly CommandResult[]> {
  const { name } = options
  return {
    name: name === undefined ? 'transact' : `transact ${name}`,
    attributes: { 'aether.actor.ids': actorIds, 'aether.transaction': name },
    options,
    show: (results) => ({ 'aether.events': results.flatMap(({ events }) => events).length }),
  }
}

/** A refusal is a decision of the domain: nothing went wrong. */
function noteFailure(span: TraceSpan, reason: unknown): void {
  if (reason instanceof CommandRejectedError) {
    span.set({ 'aether.outcome': 'rejected', 'aether.rejection': reason.rejection })
    return
  }
  const code = isAetherError(reason) ? reason.code : 'aborted'
  span.set({ 'aether.outcome': code })
  span.fail(code, reason)
}
