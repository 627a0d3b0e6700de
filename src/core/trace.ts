import type { Metadata } from './metadata.ts'

/** Where in a distributed trace something happened: W3C Trace Context. */
export interface Trace {
  /** 32 characters of lower-case hexadecimal. */
  readonly traceId: string
  /** 16 characters of lower-case hexadecimal: `parent-id` there. */
  readonly spanId: string
  /** Whether the caller may have recorded the trace. */
  readonly sampled: boolean
}

/** Version 00, the only one that there is; ids of zeros alone aren't valid (3.2.2). */
const traceparentPattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/** The trace in the `traceparent` of metadata; undefined where it is missing or malformed. */
export function traceOf({ traceparent }: Metadata): Trace | undefined {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
