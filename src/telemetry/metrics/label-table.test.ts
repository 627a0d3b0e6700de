import { expect, test } from 'vitest'
import { Counter } from './counter.ts'

test('a counter tells 1,000 sets of labels apart; the ones behind are one', () => {
  const counter = new Counter({ name: 'n', unit: '1', description: '', labels: ['a', 'b'] })
  for (let index = 0; index < 3_000; index++) counter.count(String(index), 'x').value++
  counter.count('0', 'x').value++
  const points = counter.points()
  expect(points).toHaveLength(1_001)
  expect(points[0]).toEqual({ labels: { a: '0', b: 'x' }, value: 2 })
  expect(points.at(-1)).toEqual({ labels: { a: 'other', b: 'other' }, value: 2_000 })
})

test('labels that would join to the same text are told apart', () => {
  const counter = new Counter({ name: 'n', unit: '1', description: '', labels: ['a', 'b'] })
  counter.count('x\ny', 'z').value++
  counter.count('x', 'y\nz').value++
  expect(counter.points().map(({ labels }) => labels)).toEqual([
    { a: 'x\ny', b: 'z' },
    { a: 'x', b: 'y\nz' },
  ])
})
