import { expect, test } from 'vitest'
import { ActorTurns } from './actor-turns.ts'

test('tasks of one actor run in turn, also after a failure; others do not wait', async () => {
  const turns = new ActorTurns()
  const log: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.run('a-1', async () => {
    log.push('first')
    await gate.promise
    throw new Error('failed')
  })
  const second = turns.run('a-1', async () => log.push('second'))
  await turns.run('b-1', async () => log.push('other'))
  expect(log).toEqual(['first', 'other'])
  gate.resolve()
  await expect(first).rejects.toThrow('failed')
  expect(await second).toBe(3)
  expect(log).toEqual(['first', 'other', 'second'])
})
