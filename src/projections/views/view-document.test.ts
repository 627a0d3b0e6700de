import { expect, test } from 'vitest'
import type { ActorId } from '../../core/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import { newPart, type PartState } from '../progress/part-progress.ts'
import { partOf } from '../progress/part.ts'
import { compacted, hasSeen, type ViewDocument } from './view-document.ts'

const parts = 8
const actorId: ActorId = 'order-held'
const part = partOf(actorId, parts)
/** So many that some of them lose their names. */
const others = Array.from({ length: 20 }, (_, n) => [`order-${n}`, [1, 90]] as const)

/** Another member has held an actor back at version 8, position 150, and everything else is done up to 200. */
const document: ViewDocument = {
  state: {},
  seen: { ...Object.fromEntries(others), [actorId]: [7, 0] },
  upTo: { [part]: 200 },
}
const heldBack = { actorId, version: 8, position: 150 } as unknown as HandledEvent

test('who is late, and does not know what was held back since, does not take it for seen', () => {
  const late = new Map([[part, newPart(String(part), 100).state]])
  const written = compacted(document, late, parts)
  expect(hasSeen(written, heldBack, part)).toBe(false)
})

test('who is late names nobody whose events were all seen since', () => {
  const { state } = newPart(String(part), 200)
  const held = { actorId, version: 8, position: 150 } as unknown as HeldActor
  const late: PartState = { ...state, position: 200, held: new Map([[actorId, held]]) }
  const released: ViewDocument = { ...document, seen: Object.fromEntries(others) }
  const written = compacted(released, new Map([[part, late]]), parts)
  expect(hasSeen(written, heldBack, part)).toBe(true)
})

test('of an event that can not be read nobody knows the version; those before it are known all the same', () => {
  const unread = { actorId, position: 150 } as unknown as HeldActor
  const { state } = newPart(String(part), 200)
  const stored: PartState = { ...state, position: 200, held: new Map([[actorId, unread]]) }
  const before: ViewDocument = {
    state: {},
    seen: Object.fromEntries(others),
    upTo: { [part]: 100 },
  }
  const written = compacted(before, new Map([[part, stored]]), parts)
  const at = (version: number, position: number) =>
    ({ actorId, version, position }) as unknown as HandledEvent
  expect(hasSeen(written, at(7, 95), part)).toBe(true)
  expect(hasSeen(written, at(8, 150), part)).toBe(false)
  expect(hasSeen(written, at(9, 180), part)).toBe(false)
})

test('actors whose events are all stored lose their names', () => {
  const stored = new Map(
    Array.from({ length: parts }, (_, each) => [each, newPart(String(each), 300).state]),
  )
  const written = compacted(document, stored, parts)
  expect(written.seen).toEqual({})
  expect(hasSeen(written, heldBack, part)).toBe(true)
})
