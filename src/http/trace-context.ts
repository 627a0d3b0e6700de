import type { Metadata } from '../core/index.ts'
import type { Exchange } from './exchange.ts'

/** Neither the version ff nor ids of zeros alone are valid (W3C Trace Context, 3.2.2). */
const traceparentPattern =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** As much as everybody must pass on (W3C Trace Context, 3.3.1.5). */
const maxTracestateLength = 512

/**
 * The trace that a request belongs to. A malformed `traceparent` is ignored, and `tracestate` with
 * it; a `tracestate` that is too long is dropped.
 */
export function traceOf({ headers }: Exchange): Metadata {
  const traceparent = headers.get('traceparent')
  if (traceparent === null || !traceparentPattern.test(traceparent)) return {}
  const tracestate = headers.get('tracestate')
  return tracestate && tracestate.length <= maxTracestateLength
    ? { traceparent, tracestate }
    : { traceparent }
}
