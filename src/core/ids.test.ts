import { expect, test } from 'vitest'
import { numberedIds, randomIds, uuidsBehind, uuidSeries } from './ids.ts'

test('ids are random UUIDs of version 4, never the same', () => {
  const ids = Array.from({ length: 10_000 }, randomIds)
  const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  expect(ids.filter((id) => !version4.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
  // Every digit that is free takes every value.
  for (const place of [0, 7, 9, 15, 20, 24, 35])
    expect(new Set(ids.map((id) => id[place])).size).toBe(16)
})

test('numbered ids share one of the source, each number once', () => {
  const asked: string[] = []
  const source = (): string => {
    asked.push(`s${asked.length}`)
    return asked.at(-1) ?? ''
  }
  const [ids, others] = [numberedIds(source), numberedIds(source)]
  expect([ids(), others(), ids(), ids()]).toEqual(['s0-1', 's1-1', 's0-2', 's0-3'])
  expect(asked).toEqual(['s0', 's1'])
})

test('a series is of UUIDs of version 8 that ascend, never the same in two series', () => {
  const [ids, others] = [uuidSeries(), uuidSeries()]
  const made = Array.from({ length: 10_000 }, ids)
  const version8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  expect(made.filter((id) => !version8.test(id))).toEqual([])
  expect(made.toSorted()).toEqual(made)
  expect(new Set(made).size).toBe(made.length)
  expect(made[0]?.slice(-12)).toBe('000000000000')
  expect(made[9_999]?.slice(-12)).toBe('00000000270f')
  expect(others().slice(0, 23)).not.toBe(made[0]?.slice(0, 23))
})

test('what follows in a series is known by any of its ids', () => {
  const made = Array.from({ length: 9_000 }, uuidSeries())
  for (const from of [0, 1, 4_094, 4_095, 4_096, 8_191]) {
    const behind = uuidsBehind(made[from] as string)
    for (const steps of [0, 1, 2, 700]) expect(behind?.(steps)).toBe(made[from + steps])
  }
})

test.each([
  ['a random one', 'd9428888-122b-41e1-b85c-61cd3cbee311'],
  ['one in capitals', 'D9428888-122B-81E1-B85C-61CD3CBEE311'],
  ['one with something before it', ' d9428888-122b-81e1-b85c-61cd3cbee311'],
  ['something else', 'c-1'],
])('nothing follows %s', (_, id) => {
  expect(uuidsBehind(id)).toBeUndefined()
})
