import { describe, expect, test } from 'vitest'
import { traceOf } from './trace.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

describe('a trace', () => {
  test.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['ff', true],
  ])('with the flags %s: sampled is %s', (flags, sampled) => {
    const traceparent = `00-${traceId}-${spanId}-${flags}`
    expect(traceOf({ traceparent })).toEqual({ traceId, spanId, sampled })
  })

  test.each([
    '',
    `01-${traceId}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-`,
    `00-${traceId}-${spanId}-01\n`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
  ])('is not %j', (traceparent) => {
    expect(traceOf({ traceparent })).toBeUndefined()
  })

  test('is not there without a traceparent', () => {
    expect(traceOf({ tracestate: 'a=b' })).toBeUndefined()
  })
})
