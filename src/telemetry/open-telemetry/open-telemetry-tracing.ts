import type { Attributes, Context, SpanContext, Tracer } from '@opentelemetry/api'
import {
  type Metadata,
  noMetadata,
  type SpanStart,
  traceOf,
  type TraceSpan,
  type Tracing,
} from '../../core/index.ts'
import type { OpenTelemetryApi } from './open-telemetry.ts'
import { OpenTelemetrySpan, stampOf } from './open-telemetry-span.ts'

/** Makes spans by the SDK that is registered. */
export class OpenTelemetryTracing implements Tracing {
  readonly #api: OpenTelemetryApi
  readonly #tracer: Tracer

  constructor(api: OpenTelemetryApi) {
    this.#api = api
    this.#tracer = api.trace.getTracer('aether')
  }

  get isActive(): boolean {
    return this.#api.trace.getSpan(this.#api.context.active()) !== undefined
  }

  apart<T>(work: () => T): T {
    const { context, ROOT_CONTEXT } = this.#api
    return context.with(ROOT_CONTEXT, work)
  }

  begin({ name, kind = 'internal', parent, metadata, attributes }: SpanStart): TraceSpan {
    const { SpanKind } = this.#api
    const context =
      parent instanceof OpenTelemetrySpan ? parent.context : this.#contextOf(metadata ?? noMetadata)
    const options = {
      kind: SpanKind[kind.toUpperCase() as Uppercase<typeof kind>],
      ...(attributes && { attributes: attributes as Attributes }),
    }
    return new OpenTelemetrySpan(this.#api, this.#tracer.startSpan(name, options, context), context)
  }

  inherit(metadata: Metadata): Metadata {
    const nearest = this.#api.trace.getSpanContext(this.#contextOf(metadata))
    return nearest ? stampOf(this.#api, metadata, nearest) : metadata
  }

  /** The active span is the nearer one, where it is of the same trace. */
  #contextOf(metadata: Metadata): Context {
    const { trace, context } = this.#api
    const active = context.active()
    const given = this.#named(metadata)
    return !given || trace.getSpanContext(active)?.traceId === given.traceId
      ? active
      : trace.setSpanContext(active, given)
  }

  /** The span that metadata name. */
  #named(metadata: Metadata): SpanContext | undefined {
    const { createTraceState, TraceFlags } = this.#api
    const { traceId, spanId, sampled } = traceOf(metadata) ?? {}
    if (traceId === undefined || spanId === undefined) return undefined
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
    const { tracestate } = metadata
    const traceState = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }
    return { traceId, spanId, traceFlags, isRemote: true, ...traceState }
  }
}
