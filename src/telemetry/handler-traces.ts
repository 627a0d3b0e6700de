import {
  type Clock,
  isAetherError,
  type SpanStart,
  type StoredEvent,
  traceOf,
  type TraceSpan,
  type Tracing,
} from '../core/index.ts'
import type { Handling, ReaderName } from '../projections/index.ts'

/** A trace tells what follows soon: who looks at it later has seen it, and it may be gone. */
const maxAgeMs = 3_600_000

/** Shows the handling of events as spans, below the command that made them: by the conventions for messaging. */
export class HandlerTraces {
  readonly #tracing: Tracing
  readonly #clock: Clock

  constructor(tracing: Tracing, clock: Clock) {
    this.#tracing = tracing
    this.#clock = clock
  }

  begin(reader: ReaderName, event: StoredEvent): Handling | undefined {
    const start = this.#startOf(reader, event)
    if (!start) return undefined
    // The loop that reads the log goes on in the context of whoever began it.
    const span = this.#tracing.apart(() => this.#tracing.begin(start))
    return { run: (handle) => span.run(handle), end: (failure) => endSpan(span, failure) }
  }

  /** What a policy does is always worth a span; who reads the whole log anew leaves none. */
  #startOf({ kind, name, build }: ReaderName, event: StoredEvent): SpanStart | undefined {
    if (kind !== 'policy' && !this.#isFollowed(event)) return undefined
    return {
      name: `process ${name}`,
      kind: 'consumer',
      metadata: event.metadata,
      attributes: {
        'messaging.system': 'aether',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': name,
        'messaging.message.id': event.id,
        'aether.projection.kind': kind,
        'aether.projection.build': build,
        'aether.actor.id': event.actorId,
        'aether.event.type': event.type,
        'aether.version': event.version,
        'aether.position': event.position,
      },
    }
  }

  #isFollowed({ metadata, time }: StoredEvent): boolean {
    const isSampled = traceOf(metadata)?.sampled === true
    return isSampled && this.#clock.now() - Date.parse(time) < maxAgeMs
  }
}

function endSpan(span: TraceSpan, failure: { readonly cause: unknown } | undefined): void {
  if (failure) {
    const { cause } = failure
    span.fail(isAetherError(cause) ? cause.code : 'handler-failed', cause)
  }
  span.end()
}
