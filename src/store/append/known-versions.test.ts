import { expect, test } from 'vitest'
import { KnownVersions } from './known-versions.ts'

test('a version that was learned late does not replace a greater one', () => {
  const known = new KnownVersions(10)
  known.learn('a-1', 5)
  known.learn('a-1', 3)
  expect(known.get('a-1')).toBe(5)
})

test('of more than it may remember, those learned last are known', () => {
  const known = new KnownVersions(2)
  for (const actorId of ['a-1', 'a-2', 'a-1', 'a-3'] as const) known.learn(actorId, 1)
  expect(['a-1', 'a-2', 'a-3'].map((id) => known.get(id as 'a-1'))).toEqual([1, undefined, 1])
})
