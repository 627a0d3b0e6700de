import { expect, test } from 'vitest'
import type { ActorId } from '../../core/index.ts'
import { dueNow, type HeldActor, holdBack, passedOver } from '../progress/held-actor.ts'
import { changeTo, holding, newPart, readProgress } from '../progress/part-progress.ts'
import { maxUnstored, PolicyPart } from './policy-part.ts'

const actorId: ActorId = 'order-a'
const failed = { actorId, position: 3, version: 2, type: 'Paid' }

/** As it is after so many failures. */
function heldAfter(tries: number): HeldActor {
  let held: HeldActor | undefined
  for (let now = 1; now <= tries; now++)
    held = holdBack(failed, new Error('away'), held, { retries: 2, retryMs: 5, now })
  if (!held) throw new Error('it never failed')
  return held
}

/** A part that holds the actor back after one try, and what somebody else makes of that. */
function scene(change: (held: HeldActor) => HeldActor | undefined) {
  const first = heldAfter(1)
  const begun = holding(newPart('0', 9).state, first)
  const text = (state: typeof begun): string => changeTo(newPart('0', 9), state).text
  const stored = readProgress({ part: '0', text: text(begun), revision: 1 })
  const part = new PolicyPart(stored, new AbortController().signal)
  const changed = change(first)
  const theirs = { ...begun, held: new Map(changed && [[actorId, changed]]) }
  return { part, takeOver: () => part.takeOver({ part: '0', text: text(theirs), revision: 2 }) }
}

test('what was passed over is not held back, though it failed meanwhile', () => {
  const { part, takeOver } = scene((held) => passedOver(held, 50))
  part.hold(heldAfter(2))
  takeOver()
  expect(part.held.get(actorId)).toMatchObject({ position: 4, version: 3, state: 'retrying' })
})

test('what was to be tried again is, though it was parked meanwhile', () => {
  const { part, takeOver } = scene((held) => dueNow(held, 50))
  part.hold(heldAfter(3))
  takeOver()
  expect(part.held.get(actorId)).toMatchObject({ position: 3, state: 'retrying', nextTry: 50 })
})

test('where only others were changed, it is as it was left here', () => {
  const { part, takeOver } = scene((held) => held)
  part.hold(heldAfter(3))
  takeOver()
  expect(part.held.get(actorId)).toMatchObject({ position: 3, state: 'parked' })
})

test('who got further than what was passed over stays there', () => {
  const { part, takeOver } = scene((held) => passedOver(held, 50))
  part.hold({ ...heldAfter(1), position: 8, version: 5 })
  takeOver()
  expect(part.held.get(actorId)).toMatchObject({ position: 8, version: 5 })
})

test('what failed here and was handled by somebody else meanwhile is done', () => {
  const { part, takeOver } = scene(() => undefined)
  part.hold(heldAfter(2))
  takeOver()
  expect(part.held.size).toBe(0)
})

test('what failed here behind all that somebody else has handled stays', () => {
  const { part, takeOver } = scene(() => undefined)
  part.hold({ ...heldAfter(1), position: 12, version: 5 })
  takeOver()
  expect(part.held.get(actorId)).toMatchObject({ position: 12 })
})

test('who is free here stays free', () => {
  const { part, takeOver } = scene((held) => passedOver(held, 50))
  expect(part.release(actorId)).toBe(true)
  takeOver()
  expect(part.held.size).toBe(0)
})

test('no more is taken in than whoever comes next takes for what may be done already', () => {
  const stored = newPart('0', 0)
  const part = new PolicyPart(stored, new AbortController().signal)
  part.findTo(maxUnstored + 1)
  let position = 0
  while (part.hasRoom(Infinity)) {
    expect(part.take(++position)).toBe(true)
    part.finish(position, true)
    part.passTo(position)
  }
  expect(position).toBe(maxUnstored)
  const { change, stored: store } = part.change()
  store({ part: '0', text: change.text, revision: 1 })
  expect([part.hasRoom(Infinity), part.take(position + 1)]).toEqual([true, false])
})

test('what came after a part was found was handled by nobody before', () => {
  const part = new PolicyPart(newPart('0', 0), new AbortController().signal)
  expect(part.take(1)).toBe(false)
  part.findTo(2)
  expect([part.take(2), part.take(3)]).toEqual([true, false])
})
