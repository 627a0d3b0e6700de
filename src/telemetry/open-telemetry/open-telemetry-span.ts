import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api'
import { type Metadata, messageOf, type SpanAttributes, type TraceSpan } from '../../core/index.ts'
import type { OpenTelemetryApi } from './open-telemetry.ts'

/** A span of the SDK, and the context in which it is the active one. */
export class OpenTelemetrySpan implements TraceSpan {
  readonly context: Context
  readonly #api: OpenTelemetryApi
  readonly #span: Span

  constructor(api: OpenTelemetryApi, span: Span, parent: Context) {
    this.#api = api
    this.#span = span
    this.context = api.trace.setSpan(parent, span)
  }

  get isRecorded(): boolean {
    return this.#span.isRecording()
  }

  stamp(metadata: Metadata): Metadata {
    return stampOf(this.#api, metadata, this.#span.spanContext())
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes as Attributes)
  }

  link(other: TraceSpan): void {
    if (other instanceof OpenTelemetrySpan)
      this.#span.addLink({ context: other.#span.spanContext() })
  }

  fail(code: string, error?: unknown): void {
    this.#span.setAttribute('error.type', code)
    if (error instanceof Error) this.#span.recordException(error)
    const message = error === undefined ? code : messageOf(error)
    this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message })
  }

  run<T>(work: () => T): T {
    return this.#api.context.with(this.context, work)
  }

  end(): void {
    this.#span.end()
  }
}

/** The metadata with the trace of the span instead of theirs; as they are where it has none. */
export function stampOf(
  { isSpanContextValid }: OpenTelemetryApi,
  metadata: Metadata,
  span: SpanContext,
): Metadata {
  if (!isSpanContextValid(span)) return metadata
  const { tracestate: _, ...rest } = metadata
  const flags = span.traceFlags.toString(16).padStart(2, '0')
  const tracestate = span.traceState?.serialize()
  return {
    ...rest,
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    ...(tracestate && { tracestate }),
  }
}
