import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { AnswerGroups } from './answer-groups.ts'

test.each([
  { underWay: 0, of: 100, counts: [24, 48, 72, 96, 100] },
  { underWay: 156, of: 100, counts: [24, 82, 100] },
  { underWay: 9_000, of: 300, counts: [24, 152, 280, 300] },
])(
  'of $of answers that come at once, with $underWay still under way, $counts are taken turn by turn',
  async ({ underWay, of, counts: expected }) => {
    const groups = new AnswerGroups(() => underWay)
    const taken: number[] = []
    const numbers = Array.from({ length: of }, (_, n) => n)
    for (const n of numbers) groups.hand((answer) => taken.push(answer), n)
    const counts = [taken.length]
    while (taken.length < numbers.length) {
      await turn()
      counts.push(taken.length)
    }
    expect(counts).toEqual(expected)
    expect(taken).toEqual(numbers)
  },
)

test('answers to who asks one by one are taken at once', () => {
  const groups = new AnswerGroups(() => 0)
  for (let n = 1; n <= 100; n++) {
    let taken = 0
    groups.asked()
    groups.hand((answer) => (taken = answer), n)
    expect(taken).toBe(n)
  }
})

test('what comes while others wait is taken behind them, though somebody asked meanwhile', async () => {
  const groups = new AnswerGroups(() => 0)
  const taken: number[] = []
  const take = (answer: number): void => void taken.push(answer)
  for (let n = 0; n < 30; n++) groups.hand(take, n)
  groups.asked()
  groups.hand(take, 30)
  expect(taken).toHaveLength(24)
  await turn()
  expect(taken).toEqual(Array.from({ length: 31 }, (_, n) => n))
})
