import type { Metadata } from './metadata.ts'

/** Makes the spans of distributed traces. A node has one only where somebody records them. */
export interface Tracing {
  /** Whether a span is active here already, by whoever called. */
  readonly isActive: boolean
  /** Calls the work as if nobody had called from within a span: what it does has a cause of its own. */
  apart<T>(work: () => T): T
  /** Begins a span, which must be ended. */
  begin(start: SpanStart): TraceSpan
  /** The metadata with the active span, if there is one and they name no other trace. */
  inherit(metadata: Metadata): Metadata
}

/** One step of a trace. */
export interface TraceSpan {
  /** Whether somebody will see it. */
  readonly isRecorded: boolean
  /** The metadata with this span as the one that all follows from. */
  stamp(metadata: Metadata): Metadata
  set(attributes: SpanAttributes): void
  /** Says that the other one is of importance for this one. */
  link(other: TraceSpan): void
  /** Says that it went wrong: for those who run the node, not for those who were refused. */
  fail(code: string, error?: unknown): void
  /** Calls the work with this span as the active one, also for what it awaits. */
  run<T>(work: () => T): T
  end(): void
}

/** How a span begins. */
export interface SpanStart {
  /** One of few: never with an id in it. */
  readonly name: string
  /** @default 'internal' */
  readonly kind?: SpanKind
  /**
   * What it follows from. @default the trace that the metadata name, and in it the active span if that is
   * of the same trace; the active span where they name none
   */
  readonly parent?: TraceSpan | undefined
  readonly metadata?: Metadata
  readonly attributes?: SpanAttributes
}

/** What OpenTelemetry calls the kind of a span. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** What a span says about itself, by name; what is undefined is left out. */
export type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>
