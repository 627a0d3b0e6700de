import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { AnswerGroups } from './answer-groups.ts'

test('answers that come at once are taken 24 in a turn, each once, in their order', async () => {
  const groups = new AnswerGroups()
  const taken: number[] = []
  const numbers = Array.from({ length: 100 }, (_, n) => n)
  for (const n of numbers) groups.hand((answer) => taken.push(answer), n)
  const counts = [taken.length]
  while (taken.length < numbers.length) {
    await turn()
    counts.push(taken.length)
  }
  expect(counts).toEqual([24, 48, 72, 96, 100])
  expect(taken).toEqual(numbers)
})

test('answers to who asks one by one are taken at once', () => {
  const groups = new AnswerGroups()
  for (let n = 1; n <= 100; n++) {
    let taken = 0
    groups.asked()
    groups.hand((answer) => (taken = answer), n)
    expect(taken).toBe(n)
  }
})

test('what comes while others wait is taken behind them, though somebody asked meanwhile', async () => {
  const groups = new AnswerGroups()
  const taken: number[] = []
  const take = (answer: number): void => void taken.push(answer)
  for (let n = 0; n < 30; n++) groups.hand(take, n)
  groups.asked()
  groups.hand(take, 30)
  expect(taken).toHaveLength(24)
  await turn()
  expect(taken).toEqual(Array.from({ length: 31 }, (_, n) => n))
})
