import { expect, test } from 'vitest'
import { ActorHeads } from './actor-heads.ts'

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
