import { type Metadata, systemClock, type TraceSpan, type Tracing } from '../core/index.ts'
import type { Telemetry } from '../telemetry/index.ts'
import type { Exchange, Reply } from './exchange/exchange.ts'
import { routeName } from './exchange/route-name.ts'
import { traceContext } from './trace-context.ts'

/** A request, and what is to be said of all that follows from it. */
export interface ObservedExchange extends Exchange {
  readonly metadata: Metadata
}

const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'],
])

/** Somebody looks whether all is well, again and again: that is no work. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/** Answers a request, which is then to be seen in metrics and traces: by the semantic conventions for HTTP. */
export async function observed(
  { http, tracing }: Telemetry,
  exchange: Exchange,
  answer: (exchange: ObservedExchange) => Promise<Reply>,
): Promise<Reply> {
  const start = systemClock.monotonic()
  const method = methods.has(exchange.method) ? exchange.method : '_OTHER'
  const route = routeName(exchange.target)
  const context = traceContext(exchange)
  const span = tracing && beginRequest(tracing, exchange, { method, route, context })
  const ask = (): Promise<Reply> =>
    answer({ ...exchange, metadata: span ? span.stamp(context) : context })
  const reply = await (span ? span.run(ask) : ask())
  if (span) endRequest(span, reply)
  http.answered(method, route, reply.status, systemClock.monotonic() - start)
  return reply
}

/** A server around the gateway may have begun a span of this request already. */
function beginRequest(
  tracing: Tracing,
  { method: sent, target }: Exchange,
  { method, route, context }: Record<'method' | 'route', string> & { readonly context: Metadata },
): TraceSpan | undefined {
  if (tracing.isActive || probes.has(route)) return undefined
  return tracing.begin({
    name: route === '' ? method : `${method} ${route}`,
    kind: 'server',
    metadata: context,
    attributes: {
      'http.request.method': method,
      'http.request.method_original': method === sent ? undefined : sent,
      'http.route': route === '' ? undefined : route,
      'url.path': target.split('?', 1)[0],
      'url.scheme': 'http',
    },
  })
}

/** What the client did wrong is no error of the server. */
function endRequest(span: TraceSpan, { status }: Reply): void {
  span.set({ 'http.response.status_code': status })
  if (status >= 500) span.fail(String(status))
  span.end()
}
