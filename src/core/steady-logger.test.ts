import { once } from 'node:events'
import { expect, test } from 'vitest'
import { type Logger, processLogger } from './logger.ts'
import { steadyLogger } from './steady-logger.ts'

test('what a logger refuses, at once or later, becomes a warning of the process', async () => {
  const refuse = (): never => {
    throw new Error('no room')
  }
  const later = (): Promise<void> => Promise.resolve().then(refuse)
  const logger = { debug: refuse, info: refuse, warn: refuse, error: later } as unknown as Logger
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    const warned = once(process, 'warning')
    steadyLogger(logger)[level]({ place: 7 }, `told as ${level}`)
    expect(await warned).toMatchObject([
      {
        message: expect.stringMatching(new RegExp(`^told as ${level}.*no room`)),
        detail: expect.stringContaining('7'),
      },
    ])
  }
})

test('one that is steady already stays as it is, and none is the process', () => {
  expect(steadyLogger()).toBe(processLogger)
  const told: unknown[] = []
  const tell = (...all: unknown[]): void => void told.push(all)
  const logger = { debug: tell, info: tell, warn: tell, error: tell }
  const steady = steadyLogger(logger)
  expect([steadyLogger(steady), steadyLogger(logger)]).toEqual([steady, steady])
  expect(steadyLogger(logger)).toBe(steady)
  steady.info({ a: 1 }, 'b')
  expect(told).toEqual([[{ a: 1 }, 'b']])
})
