import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** The SDK of OpenTelemetry, registered for this process, that keeps the spans in memory. */
export class SpanRecorder implements Disposable {
  readonly #exporter = new InMemorySpanExporter()

  constructor(options: { readonly root?: Sampler; readonly withContext?: boolean } = {}) {
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(this.#exporter)],
      ...(options.root && { sampler: new ParentBasedSampler({ root: options.root }) }),
    })
    trace.setGlobalTracerProvider(provider)
    if (options.withContext ?? true)
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  }

  /** Those that have ended, in that order. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name)
  }

  /** The one span of this name. */
  only(name: string): ReadableSpan {
    const [found, ...others] = this.named(name)
    if (found && others.length === 0) return found
    throw new Error(`${others.length + (found ? 1 : 0)} spans are called ${name}: ${this.tree()}`)
  }

  reset(): void {
    this.#exporter.reset()
  }

  /** All spans, each below its parent, with what went wrong: as a person would look at it. */
  tree(): string {
    const ids = new Set(this.spans.map((span) => span.spanContext().spanId))
    const isRoot = ({ parentSpanContext }: ReadableSpan): boolean =>
      !parentSpanContext || !ids.has(parentSpanContext.spanId)
    return linesBelow(this.spans.filter(isRoot), this.spans, '').join('\n')
  }

  [Symbol.dispose](): void {
    trace.disable()
    context.disable()
  }
}

function linesBelow(
  level: readonly ReadableSpan[],
  all: readonly ReadableSpan[],
  indent: string,
): string[] {
  return level.toSorted(byName).flatMap((span) => {
    const { spanId } = span.spanContext()
    const children = all.filter((each) => each.parentSpanContext?.spanId === spanId)
    const failed = span.status.code === SpanStatusCode.ERROR ? ' !' : ''
    const kind = SpanKind[span.kind]?.toLowerCase()
    return [`${indent}${span.name} (${kind})${failed}`, ...linesBelow(children, all, `${indent}  `)]
  })
}

/** What happens at the same time has no other order. */
function byName(a: ReadableSpan, b: ReadableSpan): number {
  return a.name < b.name ? -1 : 1
}
