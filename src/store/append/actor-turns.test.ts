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

test('a task of several actors waits for each of them, and no two wait for each other', async () => {
  const turns = new ActorTurns()
  const gate = Promise.withResolvers<void>()
  const log: string[] = []
  const first = turns.run('b-1', () => gate.promise)
  const both = ['a-1', 'b-1'] as const
  const tasks = [
    turns.runAll(both, async () => log.push('one')),
    turns.runAll(both.toReversed(), async () => log.push('other')),
    turns.runAll([], async () => log.push('of none')),
  ]
  await tasks[2]
  expect(log).toEqual(['of none'])
  gate.resolve()
  await Promise.all([first, ...tasks])
  expect(log).toEqual(['of none', 'one', 'other'])
})

test('a task that is not wanted any more at a turn waits for no further one', async () => {
  const turns = new ActorTurns()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const ofFirst = turns.run('a-1', () => first.promise)
  const ofSecond = turns.run('b-1', () => second.promise)
  const late = turns.runAll(
    ['a-1', 'b-1'],
    async () => 'done',
    () => {
      throw new Error('late')
    },
  )
  const behind = turns.run('a-1', async () => 'behind')
  first.resolve()
  await expect(late).rejects.toThrow('late')
  expect(await behind).toBe('behind')
  second.resolve()
  await Promise.all([ofFirst, ofSecond])
})
