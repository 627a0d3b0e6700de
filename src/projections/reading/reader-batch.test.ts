import { expect, test } from 'vitest'
import type { ActorId } from '../../core/index.ts'
import { holdBack } from '../progress/held-actor.ts'
import { OwnedParts } from '../progress/owned-parts.ts'
import type { Todo } from './event-intake.ts'
import { ReaderBatch } from './reader-batch.ts'

const actorOf = (position: number): ActorId => `order-${position}`

/** Events of as many actors, at positions from 1 on, in two parts by turns. */
function batchOf(count: number): ReaderBatch {
  const batch = new ReaderBatch(new OwnedParts([], new Set(['0', '1'])), count)
  for (let position = 1; position <= count; position++) {
    const stored = { actorId: actorOf(position), position }
    batch.add({ stored, part: position % 2 } as unknown as Todo)
  }
  return batch
}

function fail(batch: ReaderBatch, position: number): void {
  const rules = { retries: 1, retryMs: 1, now: 1 }
  const failed = { actorId: actorOf(position), position }
  batch.holdBack(position % 2, holdBack(failed, new Error('bad'), undefined, rules))
}

const positions = (batch: ReaderBatch): number[] => batch.todos.map(({ stored }) => stored.position)

const heldIn = (batch: ReaderBatch): string[] =>
  batch.changes().flatMap(({ state }) => [...state.held.keys()])

test('what comes before an event that fails is stored first, but for the last that succeeded', () => {
  const batch = batchOf(100)
  batch.cutBefore(49)
  fail(batch, 50)
  expect(positions(batch)).toEqual(Array.from({ length: 48 }, (_, n) => n + 1))
  expect(batch.changes().map(({ state }) => state.position)).toEqual([48, 48])
  expect(heldIn(batch)).toEqual([])
  expect(batch.advance()).toBe(false)
  expect(positions(batch).slice(0, 3)).toEqual([49, 51, 52])
  expect(batch.changes().map(({ state }) => state.position)).toEqual([100, 100])
  expect(heldIn(batch)).toEqual(['order-50'])
  expect(batch.advance()).toBe(true)
})

test('few events are rather handled again', () => {
  const batch = batchOf(100)
  batch.cutBefore(5)
  fail(batch, 6)
  expect(positions(batch)).toHaveLength(99)
})

test('nobody is said to be held back whose events before that are not handled yet', () => {
  const batch = batchOf(100)
  fail(batch, 90)
  fail(batch, 7)
  batch.cutBefore(48)
  fail(batch, 50)
  expect(heldIn(batch)).toEqual(['order-7'])
  batch.advance()
  expect(heldIn(batch).toSorted()).toEqual(['order-50', 'order-7', 'order-90'])
})

test('what fails only the second time makes the first part shorter', () => {
  const batch = batchOf(100)
  batch.cutBefore(60)
  fail(batch, 61)
  batch.cutBefore(30)
  fail(batch, 31)
  expect(positions(batch)).toHaveLength(29)
  batch.advance()
  expect(positions(batch).slice(0, 3)).toEqual([30, 32, 33])
})

test('where many have failed, few are tried at a time, until they are stored', () => {
  const batch = batchOf(100)
  for (const position of [1, 2, 3, 4]) {
    batch.cutBefore(0)
    fail(batch, position)
  }
  expect(positions(batch)).toEqual(Array.from({ length: 16 }, (_, n) => n + 5).slice(0, 15))
  expect(heldIn(batch).toSorted()).toEqual(['order-1', 'order-2', 'order-3', 'order-4'])
  expect(batch.advance()).toBe(false)
  expect(positions(batch)).toHaveLength(81)
})
