import { expect, test } from 'vitest'
import { noMetadata, type StoredEvent } from '../../core/index.ts'
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

test.each([0, 1, 4, 5])('of %d that it may remember, at least half are known', (capacity) => {
  const known = new KnownVersions(capacity)
  const all = Array.from({ length: 20 }, (_, index) => `a-${index}` as const)
  for (const [index, actorId] of all.entries()) {
    known.learn(actorId, 1)
    const heardOf = all.slice(0, index + 1)
    const half = heardOf.slice(Math.max(0, heardOf.length - Math.floor(capacity / 2)))
    expect(heardOf.filter((id) => known.get(id) !== undefined).length).toBeLessThanOrEqual(capacity)
    expect(half.filter((id) => known.get(id) === undefined)).toEqual([])
  }
})

test('a version that is learned again after others keeps the greatest', () => {
  const known = new KnownVersions(4)
  for (const actorId of ['a-1', 'a-2', 'a-3'] as const) known.learn(actorId, 7)
  known.learn('a-1', 3)
  expect(known.get('a-1')).toBe(7)
})

test.each([
  [2, undefined],
  [3, 2],
  [Infinity, 2],
])('of two events, a read of at most %d shows the newest version: %s', async (limit, version) => {
  const range = { first: 1, last: Infinity, direction: 'forwards', limit } as const
  const events = [event(1), event(2)]
  const [known, fromWhole] = [new KnownVersions(2), new KnownVersions(2)]
  await Array.fromAsync(known.learnFrom('a-1', range, inBatches(events)))
  fromWhole.learnFromWhole('a-1', range, events)
  expect([known.get('a-1'), fromWhole.get('a-1')]).toEqual([version, version])
})

async function* inBatches(events: readonly StoredEvent[]): AsyncGenerator<readonly StoredEvent[]> {
  for (const event of events) yield [event]
}

function event(version: number): StoredEvent {
  const place = { actorId: 'a-1', version, position: version } as const
  return { ...place, id: `e-${version}`, type: 'A', time: 'now', data: {}, metadata: noMetadata }
}
