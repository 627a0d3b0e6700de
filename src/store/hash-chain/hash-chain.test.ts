import { expect, test } from 'vitest'
import { chainHash, type HashedEvent } from './hash-chain.ts'

const first: HashedEvent = {
  actorId: 'account-alice',
  version: 1,
  id: 'e-1',
  type: 'Opened',
  time: '2026-11-21T20:00:00.000Z',
  data: { b: { y: '\ud800', x: 'Zoë' }, a: [1.5, null] },
  metadata: { userId: 'u', hash: 'is no part of it', '9': 'nine', '10': 'ten' },
}
const second: HashedEvent = {
  actorId: 'account-alice',
  version: 4,
  id: 'e-2',
  type: 'Closed',
  time: '2026-11-21T20:00:00.001Z',
  data: null,
  metadata: {},
}

// Made with openssl of the canonical JSON, written down by hand: stored hashes stay right for ever.
test('the hashes of a chain are these', () => {
  const hash = chainHash(undefined, first)
  expect(hash).toBe('N4zRrB5dC5jfg2QystNNhJV1-_i-W_IVRLnQcRwAKdc')
  expect(chainHash(hash, second)).toBe('ikASHJ1puRlWawVQW3f5GfEMEC_Q0v2vfEnzy181M_Y')
})

test('the position is no part of it', () => {
  expect(chainHash('x', { ...first, position: 5 } as HashedEvent)).toBe(chainHash('x', first))
})
