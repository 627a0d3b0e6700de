import { expect, test } from 'vitest'
import type { Commit } from '../../../store/index.ts'
import { writeRequest } from './write-request.ts'

test('an event that no text can hold is too large', () => {
  const long = 'x'.repeat(2 ** 28)
  const event = { id: 'e-1', type: 'Noted', data: [long, long, long], metadata: {} }
  const commit: Commit = {
    ...{ id: 'c-1', time: '' },
    parts: [{ actorId: 'account-a', expected: 0, events: [event] }],
  }
  expect(() => writeRequest(commit)).toThrow(
    expect.objectContaining({
      code: 'too-large',
      message: expect.stringContaining('an event of account-a is longer'),
    }),
  )
})
