import type * as OpenTelemetry from '@opentelemetry/api'

/** The API of OpenTelemetry. */
export type OpenTelemetryApi = typeof OpenTelemetry

/** What an SDK wants to hear of. */
export interface Listening {
  readonly api: OpenTelemetryApi
  readonly toTraces: boolean
  readonly toMetrics: boolean
}

/** Where all copies of the API keep what was registered with them, whatever their minor version. */
const registry = Symbol.for('opentelemetry.js.api.1')

/**
 * The API, if an SDK was registered with it in this process. It isn't loaded before: that would take
 * longer than loading all of Aether, for nothing.
 */
export async function findOpenTelemetry(): Promise<Listening | undefined> {
  const registered = (globalThis as { readonly [registry]?: object })[registry]
  const toTraces = registered !== undefined && 'trace' in registered
  const toMetrics = registered !== undefined && 'metrics' in registered
  if (!toTraces && !toMetrics) return undefined
  try {
    return { api: await import('@opentelemetry/api'), toTraces, toMetrics }
  } catch (error) {
    // Whoever registered one has a copy of the API that can't be reached from here.
    if ((error as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
