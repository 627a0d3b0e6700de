import { array, assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSteps, encodeSteps, linksBehind, pageSize } from './back-links.ts'

test('pages follow one another: each begins with the last commit of the one before', () => {
  const named = new Map<number, readonly number[]>()
  let [sequence, links]: [number, readonly number[]] = [0, []]
  for (let next = 1; next <= 100; next++) {
    links = linksBehind(sequence, links)
    sequence = next
    named.set(sequence, links)
  }
  expect(named.get(1)).toEqual([])
  expect(named.get(2)).toEqual([1])
  expect(named.get(33)).toEqual(Array.from({ length: pageSize }, (_, index) => index + 1))
  expect(named.get(34)).toEqual([33])
  expect(named.get(65)).toEqual(Array.from({ length: pageSize }, (_, index) => index + 33))
})

test('whatever the sequences, they are read as they were written', () => {
  const steps = array(integer({ min: 1, max: 2 ** 46 }), { minLength: 1, maxLength: pageSize })
  assert(
    property(steps, (list) => {
      let sequence = 0
      const links = list.map((step) => (sequence += step))
      expect(decodeSteps(encodeSteps(links), sequence)).toEqual(links)
    }),
  )
})

test('a step in a stream of 10,000 actors takes three characters', () => {
  expect(encodeSteps([1, 10_001, 20_001])).toHaveLength(6)
})

test.each(['A', 'g', '!', 'Bg', 'Z', 'B'.repeat(pageSize)])('%j is refused', (steps) => {
  expect(() => decodeSteps(steps, 20)).toThrow(TypeError)
})
