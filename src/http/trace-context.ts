import { type Metadata, traceOf } from '../core/index.ts'
import type { Exchange } from './exchange/exchange.ts'

/** As much as everybody must pass on (W3C Trace Context, 3.3.1.5). */
const maxTracestateLength = 512

/**
 * The trace that a request belongs to. A malformed `traceparent` is ignored, and `tracestate` with
 * it; a `tracestate` that is too long is dropped.
 */
export function traceContext({ headers }: Exchange): Metadata {
  const traceparent = headers.get('traceparent')
  if (traceparent === null || !traceOf({ traceparent })) return {}
  const tracestate = headers.get('tracestate')
  return tracestate && tracestate.length <= maxTracestateLength
    ? { traceparent, tracestate }
    : { traceparent }
}
