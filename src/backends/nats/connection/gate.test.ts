import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

test('a gate lets in so many at once, in order, and each of them in the end', async () => {
  const gate = new Gate(3)
  const entered: number[] = []
  let inside = 0
  let most = 0
  const work = async (n: number): Promise<number> => {
    entered.push(n)
    most = Math.max(most, ++inside)
    await Promise.resolve()
    inside--
    if (n % 4 === 0) throw new Error('failed inside')
    return n
  }
  const numbers = Array.from({ length: 20 }, (_, n) => n)
  const outcomes = await Promise.allSettled(numbers.map((n) => gate.run(() => work(n))))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(15)
  expect(entered).toEqual(numbers)
  expect(most).toBe(3)
  expect(await gate.run(() => work(1))).toBe(1)
})
