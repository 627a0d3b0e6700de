import type { ActorObserver } from '../actors/index.ts'
import type { Logger, Tracing } from '../core/index.ts'
import type { StoreObserver } from '../store/index.ts'
import { ActorMetrics } from './actor-metrics.ts'
import { HttpMetrics } from './http-metrics.ts'
import { MeterBridge } from './meter-bridge.ts'
import { MetricRegistry } from './metric-registry.ts'
import { findOpenTelemetry, type Listening } from './open-telemetry.ts'
import { OpenTelemetryTracing } from './open-telemetry-tracing.ts'
import { StoreMetrics } from './store-metrics.ts'

/** What a node shows of itself: metrics, always; traces, where somebody records them. */
export class Telemetry implements Disposable {
  readonly metrics: MetricRegistry
  /** Undefined where nobody records traces. */
  readonly tracing: Tracing | undefined
  readonly actors: ActorObserver
  readonly store: StoreObserver
  readonly http: HttpMetrics
  readonly #listening: Listening | undefined
  #bridge: MeterBridge | undefined

  /** Finds the SDK of OpenTelemetry, if one was registered by now. */
  static async find(logger: Logger): Promise<Telemetry> {
    return new Telemetry(logger, await findOpenTelemetry())
  }

  private constructor(logger: Logger, listening: Listening | undefined) {
    this.#listening = listening
    this.tracing = listening?.toTraces ? new OpenTelemetryTracing(listening.api) : undefined
    this.metrics = new MetricRegistry(logger)
    this.actors = new ActorMetrics(this.metrics)
    this.store = new StoreMetrics(this.metrics)
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
