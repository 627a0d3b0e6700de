import { expect, test } from 'vitest'
import { JetStreamCommitLog, type JetStreamCommitLogParts } from './jetstream-commit-log.ts'

test('its connection ends also where what it watches by does not', async () => {
  let ended = 0
  const parts = {
    growth: { close: () => Promise.reject(new Error('the consumer stays')) },
    link: { close: async () => void ended++ },
  }
  const log = new JetStreamCommitLog(parts as unknown as JetStreamCommitLogParts)
  await expect(log.close()).rejects.toThrow('the consumer stays')
  expect(ended).toBe(1)
})
