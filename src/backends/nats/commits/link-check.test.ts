import { expect, test } from 'vitest'
import type { ActorId } from '../../../core/index.ts'
import type { ReadablePart } from './commit-message.ts'
import { LinkCheck } from './link-check.ts'

const prices: ActorId = 'prices-main'

function partOf(sequence: number, previous: number, more: Partial<ReadablePart>): ReadablePart {
  const empty = { commitId: 'c', part: undefined, links: [], pages: [], events: [] }
  return { ...empty, sequence, previous, firstVersion: 0, lastVersion: 0, ...more }
}

function guard(sequence: number, previous: number): ReadablePart {
  return partOf(sequence, previous, { guarded: prices })
}

function event(sequence: number, previous: number): ReadablePart {
  const common = { id: 'e', type: 'A', version: 1, time: 'now', data: null, metadata: {} }
  const stored = { ...common, actorId: prices, position: sequence * 1_024 }
  return partOf(sequence, previous, { events: [stored] })
}

function found(isTrimmed: boolean, parts: readonly ReadablePart[]): number[] {
  const check = new LinkCheck(isTrimmed)
  return parts.flatMap((part) => check.next(part)?.damage.position ?? []).map((at) => at / 1_024)
}

test('a guard names the newest message of its actor', () => {
  expect(found(false, [guard(1, 0), event(2, 0), guard(3, 2), event(4, 2), guard(5, 4)])).toEqual(
    [],
  )
  expect(found(false, [event(1, 0), guard(2, 0), event(3, 1), guard(4, 1)])).toEqual([2, 4])
  expect(found(false, [event(1, 0), guard(2, 2)])).toEqual([2])
})

test('a guard of what was not seen, or is gone by right, is believed', () => {
  expect(found(false, [guard(5, 3), event(6, 3), guard(7, 3)])).toEqual([7])
  expect(found(true, [event(2, 0), guard(9, 2)])).toEqual([])
  expect(found(true, [partOf(1, 0, {}), guard(9, 4)])).toEqual([])
  expect(found(false, [partOf(1, 0, {}), guard(9, 4)])).toEqual([9])
})
