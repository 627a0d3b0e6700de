import type { ActorObserver } from '../actors/index.ts'
import type { Clock, Logger, Tracing } from '../core/index.ts'
import type { ReaderObserver } from '../projections/index.ts'
import type { StoreObserver } from '../store/index.ts'
import { ActorMetrics } from './actor-metrics.ts'
import { HandlerTraces } from './handler-traces.ts'
import { HttpMetrics } from './http-metrics.ts'
import { MeterBridge } from './open-telemetry/meter-bridge.ts'
import { MetricRegistry } from './metrics/metric-registry.ts'
import { findOpenTelemetry, type Listening } from './open-telemetry/open-telemetry.ts'
import { OpenTelemetryTracing } from './open-telemetry/open-telemetry-tracing.ts'
import { ReaderMetrics } from './reader-metrics.ts'
import { StoreMetrics } from './store-metrics.ts'

/** What a node shows of itself: metrics, always; traces, where somebody records them. */
export class Telemetry implements Disposable {
  readonly metrics: MetricRegistry
  /** Undefined where nobody records traces. */
  readonly tracing: Tracing | undefined
  readonly actors: ActorObserver
  readonly store: StoreObserver
  readonly readers: ReaderObserver
  readonly http: HttpMetrics
  readonly #listening: Listening | undefined
  #bridge: MeterBridge | undefined

  /** Finds the SDK of OpenTelemetry, if one was registered by now. */
  static async find(clock: Clock, logger: Logger): Promise<Telemetry> {
    return new Telemetry(clock, logger, await findOpenTelemetry())
  }

  private constructor(clock: Clock, logger: Logger, listening: Listening | undefined) {
    this.#listening = listening
    this.tracing = listening?.toTraces ? new OpenTelemetryTracing(listening.api) : undefined
    this.metrics = new MetricRegistry(logger)
    this.actors = new ActorMetrics(this.metrics)
    this.store = new StoreMetrics(this.metrics)
    this.readers = readersOf(new ReaderMetrics(this.metrics), this.tracing, clock)
    this.http = new HttpMetrics(this.metrics)
  }

  /** From now on the SDK can collect the metrics that are there by now, if there is one. */
  connect(): void {
    if (this.#listening?.toMetrics)
      this.#bridge ??= new MeterBridge(this.#listening.api, this.metrics.instruments)
  }

  /** The SDK gets nothing more. */
  [Symbol.dispose](): void {
    this.#bridge?.[Symbol.dispose]()
  }
}

/** Handlers have nothing around them where nobody records traces. */
function readersOf(
  metrics: ReaderMetrics,
  tracing: Tracing | undefined,
  clock: Clock,
): ReaderObserver {
  const counted: ReaderObserver = {
    handled: (reader, events) => metrics.handled(reader, events),
    heldBack: (reader) => metrics.heldBack(reader),
    released: (reader) => metrics.released(reader),
    failed: (reader) => metrics.failed(reader),
  }
  if (!tracing) return counted
  const traces = new HandlerTraces(tracing, clock)
  return { ...counted, begin: (reader, event) => traces.begin(reader, event) }
}
