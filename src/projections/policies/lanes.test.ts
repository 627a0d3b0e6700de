import { expect, test } from 'vitest'
import { Lanes } from './lanes.ts'

interface Gate {
  readonly name: string
  open(): void
}

/** Jobs that end when they are told to. */
function scene(width: number) {
  const lanes = new Lanes(width)
  const begun: Gate[] = []
  const add = (lane: string, name: string): void =>
    lanes.add(lane, () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      begun.push({ name, open: resolve })
      return promise
    })
  const end = async (name: string): Promise<void> => {
    begun.find((gate) => gate.name === name)?.open()
    for (let turns = 0; turns < 5; turns++) await Promise.resolve()
  }
  return { lanes, add, end, names: () => begun.map(({ name }) => name) }
}

test('jobs of a lane are done one after the other, those of others meanwhile', async () => {
  const { add, end, names } = scene(4)
  for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) add(name.slice(0, 1), name)
  expect(names()).toEqual(['a1', 'b1'])
  await end('b1')
  expect(names()).toEqual(['a1', 'b1', 'b2'])
  await end('a1')
  await end('a2')
  expect(names()).toEqual(['a1', 'b1', 'b2', 'a2', 'a3'])
})

test('no more are under way than the width allows, and each lane gets its turn', async () => {
  const { add, end, names } = scene(2)
  for (const name of ['a1', 'b1', 'c1', 'a2']) add(name.slice(0, 1), name)
  expect(names()).toEqual(['a1', 'b1'])
  await end('a1')
  expect(names()).toEqual(['a1', 'b1', 'c1'])
  await end('b1')
  expect(names()).toEqual(['a1', 'b1', 'c1', 'a2'])
})

test('what has not begun can be forgotten, and a lane is used again', async () => {
  const { lanes, add, end, names } = scene(1)
  for (const name of ['a1', 'a2', 'b1']) add(name.slice(0, 1), name)
  lanes.clear()
  add('a', 'a3')
  const idle = lanes.idle()
  await end('a1')
  expect(names()).toEqual(['a1', 'a3'])
  await end('a3')
  await idle
  expect(names()).toEqual(['a1', 'a3'])
})
