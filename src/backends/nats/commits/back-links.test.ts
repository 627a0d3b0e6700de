import {
  array,
  assert,
  integer,
  oneof,
  property,
  string,
} from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import {
  decodeSteps,
  encodeSteps,
  isPageEnd,
  linksBehind,
  pageSize,
  pagesBehind,
} from './back-links.ts'

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

test('ends of pages name those before them: thousands of commits are a few steps away', () => {
  const count = 3_000
  const named = new Map<number, { links: readonly number[]; pages: readonly number[] }>()
  let [sequence, links]: [number, readonly number[]] = [0, []]
  let pages: readonly number[] | undefined = []
  for (let next = 10; next <= count * 10; next += 10) {
    links = linksBehind(sequence, links)
    sequence = next
    named.set(sequence, { links, pages: isPageEnd(links) ? (pages as readonly number[]) : [] })
    pages = pagesBehind(sequence, links, pages)
  }
  for (const { links, pages } of named.values()) {
    expect(pages.length).toBeLessThanOrEqual(pageSize)
    if (isPageEnd(links)) expect(pages.at(-1)).toBe(links[0])
  }
  const seen = new Set([sequence])
  let [from, steps] = [named.get(sequence), 0]
  for (; from?.links.length; steps++) {
    const ends = from.pages.length > 1 ? from.pages : from.links.slice(0, 1)
    for (const place of [from, ...ends.map((end) => named.get(end))])
      for (const link of place?.links ?? []) seen.add(link)
    from = named.get(ends[0] as number)
  }
  expect(seen.size).toBe(count)
  expect(steps).toBeLessThanOrEqual(2 + 2 * Math.ceil(count / pageSize / pageSize))
})

test('where the ends of pages are not known, the end of a page is one that is', () => {
  const full = Array.from({ length: pageSize }, (_, index) => index + 1)
  expect(pagesBehind(33, full, undefined)).toBeUndefined()
  expect(pagesBehind(33, full, [1])).toEqual([1, 33])
  expect(pagesBehind(34, [33], [1, 33])).toEqual([1, 33])
  expect(pagesBehind(1, [], undefined)).toEqual([1])
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
