import { array, assert, integer, oneof, property, string } from 'fast-check'
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

test('any text is the steps back to sequences that ascend, or refused', () => {
  const almost = string({ unit: 'grapheme-ascii', maxLength: 40 })
  assert(
    property(oneof(almost, string({ unit: 'binary' })), integer({ min: 1 }), (steps, newest) => {
      let links: readonly number[]
      try {
        links = decodeSteps(steps, newest)
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
        return
      }
      expect(links.at(-1)).toBe(newest)
      expect(links.length).toBeLessThanOrEqual(pageSize)
      expect(links.every((link, index) => link > (links[index - 1] ?? 0))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('whoever holds the newest commit finds all others, page by page', () => {
  const steps = array(integer({ min: 1, max: 2 ** 30 }), { minLength: 1, maxLength: 200 })
  assert(
    property(steps, (list) => {
      const named = new Map<number, readonly number[]>()
      let [sequence, links]: [number, readonly number[]] = [0, []]
      for (const step of list) {
        links = linksBehind(sequence, links)
        sequence += step
        named.set(sequence, links)
      }
      const found: number[] = [sequence]
      for (let from = sequence; named.get(from)?.length; from = found.at(-1) as number)
        found.push(...(named.get(from) ?? []).toReversed())
      expect(found.toReversed()).toEqual([...named.keys()])
    }),
  )
})
