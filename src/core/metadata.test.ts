import { expect, test } from 'vitest'
import { metadataFrom } from './metadata.ts'

test('what follows from an event is caused by it, of its correlation, user and trace', () => {
  const metadata = {
    correlationId: 'c',
    causationId: 'before',
    commandId: 'command',
    commandDigest: 'digest',
    hash: 'hash',
    other: 'x',
    userId: 'u',
    traceparent: 'p',
    tracestate: 's',
  }
  expect(metadataFrom({ id: 'e', metadata })).toEqual({
    correlationId: 'c',
    causationId: 'e',
    userId: 'u',
    traceparent: 'p',
    tracestate: 's',
  })
})

test('what follows from an event without metadata begins a correlation with it', () => {
  const first = metadataFrom({ id: 'e-1', metadata: {} })
  expect(first).toEqual({ correlationId: 'e-1', causationId: 'e-1' })
  expect(metadataFrom({ id: 'e-2', metadata: first })).toEqual({
    correlationId: 'e-1',
    causationId: 'e-2',
  })
})
