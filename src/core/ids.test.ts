import { expect, test } from 'vitest'
import { numberedIds, randomIds } from './ids.ts'

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
