import { expect, test } from 'vitest'
import { lagCell, membersCell, stateCell } from './life-cells.ts'

test.each([
  [0.4, '0 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7_199, '119 min'],
  [7_200, '2 h'],
  [172_800, '2 d'],
])('after %d s without a sign of life, it was heard of %s ago', (seconds, ago) => {
  const silent = { members: 1, seconds }
  expect(stateCell({ state: 'silent', silent })).toBe(`silent, last heard of ${ago} ago`)
  expect(stateCell({ state: 'live', silent })).toBe('live')
})

test('how far behind it is has units', () => {
  const cell = (events: number, seconds: number) => lagCell({ lag: { events, seconds } })
  expect([cell(0, 0), cell(1, 26.4), cell(3, 180)]).toEqual([
    '0',
    '1 event, 26 s',
    '3 events, 3 min',
  ])
})

test('members are those who live, and the silent ones beside them', () => {
  expect(membersCell({ members: 2 })).toBe('2')
  expect(membersCell({ members: 0, silent: { members: 1, seconds: 9 } })).toBe('0, and 1 silent')
})
