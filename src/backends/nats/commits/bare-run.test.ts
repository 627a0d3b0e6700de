import { expect, test } from 'vitest'
import { noMetadata } from '../../../core/index.ts'
import { decodeRun } from './bare-run.ts'
import { encodeBody, isReadable, type ReadablePart, type StoredPart } from './commit-message.ts'

const actorId = 'account-alice'

/** Of two events each. */
function body(commit: number): Uint8Array {
  const events = [1, 2].map((each) => ({
    id: `e-${commit}-${each}`,
    type: 'A',
    data: {},
    metadata: noMetadata,
  }))
  const part = { actorId, events, expected: 'any' } as const
  const links = Array.from({ length: commit - 1 }, (_, index) => (index + 1) * 10)
  const all = { id: `c-${commit}`, time: 'now', parts: [part] }
  return Buffer.from(encodeBody(all, part, commit * 2 - 1, links))
}

const behind: ReadablePart = {
  sequence: 10,
  commitId: 'c-1',
  part: undefined,
  previous: 0,
  links: [],
  pages: [],
  firstVersion: 1,
  lastVersion: 2,
  events: [],
}
const place = { actorId, behind, sequences: [20, 30, 40] } as const

test('bodies are placed by their versions, in whatever order they come', () => {
  const parts = decodeRun([body(4), body(2), body(3)], place) ?? []
  expect(parts.map(({ sequence }) => sequence)).toEqual([20, 30, 40])
  expect(parts.map(({ previous }) => previous)).toEqual([10, 20, 30])
  expect(parts.map(({ firstVersion }) => firstVersion)).toEqual([3, 5, 7])
  expect(parts.map(({ links }) => links)).toEqual([[10], [10, 20], [10, 20, 30]])
  expect(parts.flatMap(({ events }) => events).map(({ version }) => version)).toEqual([
    3, 4, 5, 6, 7, 8,
  ])
  expect(parts.every(isReadable)).toBe(true)
})

test.each<[string, readonly Uint8Array[], StoredPart?]>([
  ['one is missing', [body(2), body(3)]],
  ['one came twice', [body(2), body(3), body(3)]],
  ['one is of other versions', [body(2), body(3), body(5)]],
  ['they begin elsewhere', [body(3), body(4), body(5)]],
  ['one can not be read', [body(2), body(3), new TextEncoder().encode('{}')]],
  ['that before them can not be read', [], { sequence: 10, previous: 0, error: Error() as never }],
])('nothing is told where %s', (_, bodies, before = behind) => {
  const sequences = bodies.length > 0 ? place.sequences : []
  expect(decodeRun(bodies, { ...place, behind: before, sequences })).toBeUndefined()
})
