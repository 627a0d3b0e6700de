import type { Attributes, Context, Link, Tracer } from '@opentelemetry/api'
import {
  type Metadata,
  noMetadata,
  type SpanStart,
  traceOf,
  type TraceSpan,
  type Tracing,
} from '../core/index.ts'
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

  begin({ name, kind = 'internal', parent, metadata, attributes, links }: SpanStart): TraceSpan {
    const { SpanKind } = this.#api
    const context =
      parent instanceof OpenTelemetrySpan ? parent.context : this.#contextOf(metadata ?? noMetadata)
    const options = {
      kind: SpanKind[kind.toUpperCase() as Uppercase<typeof kind>],
      ...(attributes && { attributes: attributes as Attributes }),
      ...(links && { links: links.flatMap((each) => this.#linkTo(each)) }),
    }
    return new OpenTelemetrySpan(this.#api, this.#tracer.startSpan(name, options, context), context)
  }

  inherit(metadata: Metadata): Metadata {
    if (traceOf(metadata)) return metadata
    const { trace, context } = this.#api
    const active = trace.getSpanContext(context.active())
    return active ? stampOf(this.#api, metadata, active) : metadata
  }

  /** The active span is the nearer one, where it is of the same trace. */
  #contextOf(metadata: Metadata): Context {
    const { trace, context } = this.#api
    const active = context.active()
    const given = this.#linkTo(metadata)[0]?.context
    return !given || trace.getSpanContext(active)?.traceId === given.traceId
      ? active
      : trace.setSpanContext(active, given)
  }

  #linkTo(metadata: Metadata): [] | [Link] {
    const { createTraceState, TraceFlags } = this.#api
    const { traceId, spanId, sampled } = traceOf(metadata) ?? {}
    if (traceId === undefined || spanId === undefined) return []
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
    const { tracestate } = metadata
    const traceState = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }
    return [{ context: { traceId, spanId, traceFlags, isRemote: true, ...traceState } }]
  }
}
