import { fc } from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { readAcknowledgement } from './acknowledgement.ts'

const read = (text: string) => readAcknowledgement(new TextEncoder().encode(text))

test('the sequence is read, however the answer is spelled', () => {
  const sequences = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(sequences, (sequence) => {
      for (const text of [
        `{"stream":"AETHER_prod", "seq":${sequence}}`,
        `{"stream":"AETHER_prod","domain":"hub","seq":${sequence}}`,
        `{"stream":"AETHER_prod", "seq":${sequence},"duplicate": true}`,
        `{"stream":"AETHER_prod","seq":${sequence},"batch":"b","count":2}`,
        `{"seq":${sequence},"stream":"AETHER_prod"}`,
      ])
        expect(read(text)).toEqual({ sequence, error: undefined })
    }),
  )
})

test('an error is none of it, though a sequence stands behind it', () => {
  const error = { code: 400, err_code: 10_071, description: 'wrong last sequence: "seq":7}' }
  for (const others of [{}, { stream: 'AETHER_prod', seq: 0 }, { stream: 'S', seq: 17 }])
    expect(read(JSON.stringify({ error, ...others })).error).toEqual(error)
})

test.each([
  '',
  '}',
  '7}',
  '"seq":7}',
  '{"stream":"S","seq":}',
  '{"stream":"S","seq":-7}',
  '{"stream":"S","sequence":7}',
  '{"stream":"S"',
  'null',
  '7',
])('%j is no acknowledgement', (text) => {
  const { sequence, error } = read(text)
  expect(sequence === undefined || sequence < 0).toBe(true)
  expect(error).toBeUndefined()
})
