import type { Histogram } from './metrics/histogram.ts'
import type { MetricRegistry } from './metrics/metric-registry.ts'

/** As the semantic conventions of OpenTelemetry advise. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Counts requests, by the semantic conventions for HTTP. */
export class HttpMetrics {
  readonly #durations: Histogram

  constructor(registry: MetricRegistry) {
    const spec = {
      name: 'http.server.request.duration',
      description: 'Answering a request to the gateway.',
      labels: ['http.request.method', 'http.route', 'http.response.status_code'],
    }
    this.#durations = registry.durations(spec, bounds)
  }

  /** Method and route must be of few. */
  answered(method: string, route: string, status: number, ms: number): void {
    this.#durations.spread(method, route, String(status)).record(ms / 1_000)
  }
}
