import { expect, test } from 'vitest'
import { linksBehind } from '../commits/back-links.ts'
import { type ActorHead, ActorHeads } from './actor-heads.ts'

test('the newest head stays, in whatever order they are learned', () => {
  const heads = new ActorHeads(10)
  heads.learn('a-1', { sequence: 9, version: 2, links: [], pages: [] })
  heads.learn('a-1', { sequence: 5, version: 1, links: [], pages: [] })
  expect(heads.get('a-1')).toEqual({ sequence: 9, version: 2, links: [], pages: [] })
})

test('what is forgotten can be learned anew', () => {
  const heads = new ActorHeads(10)
  heads.learn('a-1', { sequence: 9, version: 2, links: [], pages: [] })
  heads.forget('a-1')
  expect(heads.get('a-1')).toBeUndefined()
  heads.learn('a-1', { sequence: 1, version: 1, links: [], pages: [] })
  expect(heads.get('a-1')).toEqual({ sequence: 1, version: 1, links: [], pages: [] })
})

test('beyond its capacity it forgets the actor not used for the longest time', () => {
  const heads = new ActorHeads(2)
  const head = { sequence: 1, version: 1, links: [], pages: [] }
  heads.learn('a-1', head)
  heads.learn('a-2', head)
  heads.get('a-1')
  heads.learn('a-3', head)
  expect(heads.get('a-2')).toBeUndefined()
  expect(heads.get('a-1')).toEqual(head)
  expect(heads.get('a-3')).toEqual(head)
})

test('what lies before the newest commit is known over the turn of a page, once a message was seen', () => {
  const heads = new ActorHeads(10)
  let head: ActorHead = { sequence: 0, version: 0, links: [], pages: [] }
  for (let sequence = 1; sequence <= 70; sequence++) {
    const links = linksBehind(head.sequence, head.links)
    head = { sequence, version: sequence, links, pages: [] }
    heads.learn('a-1', head)
    if (sequence === 1) expect(heads.chain('a-1')).toBeUndefined()
    if (sequence === 1) heads.learnSize('a-1', 200)
    if (sequence === 40) expect(heads.chain('a-1')?.sequences).toEqual(upTo(39))
  }
  // Links go back to 65, and with the page before them to 33.
  heads.learnSize('a-1', 100)
  expect(heads.chain('a-1')).toEqual({ sequences: upTo(69).slice(32), bytes: 200 })
})

test('a head that others wrote tells nothing of what lies before its page', () => {
  const heads = new ActorHeads(10)
  heads.learn('a-1', { sequence: 5, version: 5, links: upTo(4), pages: [] })
  heads.learn('a-1', { sequence: 40, version: 40, links: upTo(39).slice(32), pages: [] })
  heads.learnSize('a-1', 200)
  expect(heads.chain('a-1')?.sequences).toEqual(upTo(39).slice(32))
})

test('what a read found before the newest commit is known from then on', () => {
  const heads = new ActorHeads(10)
  heads.learn('a-1', { sequence: 70, version: 70, links: upTo(69).slice(64), pages: [] })
  heads.learnSize('a-1', 200)
  heads.learnBefore('a-1', 60, upTo(59))
  expect(heads.chain('a-1')?.sequences).toEqual(upTo(69).slice(64))
  heads.learnBefore('a-1', 70, upTo(69))
  expect(heads.chain('a-1')?.sequences).toEqual(upTo(69).slice(32))
  // A shorter one takes nothing away.
  heads.learnBefore('a-1', 70, upTo(69).slice(64))
  expect(heads.chain('a-1')?.sequences).toEqual(upTo(69).slice(32))
})

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
