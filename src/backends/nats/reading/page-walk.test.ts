import { expect, test } from 'vitest'
import type { VersionRange } from '../../../store/index.ts'
import { linksBehind, pagesBehind } from '../commits/back-links.ts'
import type { ReadablePart } from '../commits/commit-message.ts'
import type { ActorReading } from './actor-reading.ts'
import type { Ahead, BackLinkReader } from './back-link-reader.ts'
import { sequencesAhead, sequencesBefore } from './page-walk.ts'

const range: VersionRange = { first: 1, last: Infinity, direction: 'forwards', limit: Infinity }
const spacing = 100

test.each([
  ['the commit before', 2, 1, [100]],
  ['a page', 33, 1, 32],
  ['two pages', 65, 1, 64],
  ['pages that name others', 1_000, 1, 999],
  ['commits of three events', 20, 3, 19],
])('the walk comes to the beginning: %s', async (_, commits, eventsEach, wanted) => {
  const actor = history(commits, eventsEach)
  const walked = await sequencesBefore(reading(actor), actor.backLinks)
  const sequences = actor.parts.slice(0, -1).map((part) => part.sequence)
  expect(walked?.sequences).toEqual(typeof wanted === 'number' ? sequences : wanted)
  expect(walked?.sequences).toHaveLength(commits - 1)
})

test('what the newest commit names is asked for at once where more must be looked for', async () => {
  const actor = history(20, 3)
  const walked = await sequencesBefore(reading(actor), actor.backLinks)
  expect(walked?.ahead?.sequences).toEqual(walked?.sequences)
  // A few of them may be enough.
  const few = history(20, 3)
  const walkedFew = await sequencesBefore(
    reading(few, { range: { ...range, limit: 10 } }),
    few.backLinks,
  )
  expect(walkedFew).toEqual({ sequences: walked?.sequences, ahead: undefined })
})

test('what was asked ahead spares the walk where it leads to the newest commit', async () => {
  const actor = history(60, 1)
  const sequences = actor.parts.slice(0, 50).map((part) => part.sequence)
  const ahead = actor.backLinks.ahead(sequences, undefined)
  const walked = await sequencesBefore(reading(actor, { ahead }), actor.backLinks)
  expect(walked?.sequences).toEqual(actor.parts.slice(0, 59).map((part) => part.sequence))
  expect(walked?.ahead).toBe(ahead)
  expect(actor.asked).toEqual([])
})

test.each([
  ['an older page', (all: readonly number[]) => all.slice(0, 20)],
  ['another stream', (all: readonly number[]) => all.slice(10).map((each) => each + 1)],
])('what was asked ahead and belongs to %s is left', async (_, askedOf) => {
  const actor = history(60, 1)
  const all = actor.parts.slice(0, -1).map((part) => part.sequence)
  const ahead = actor.backLinks.ahead(askedOf(all.slice(27)), undefined)
  const older = { ...ahead, sequences: askedOf(all) }
  const walked = await sequencesBefore(reading(actor, { ahead: older }), actor.backLinks)
  expect(walked?.sequences).toEqual(all)
  expect(walked?.ahead).not.toBe(older)
})

test('of a chain, as much is wanted ahead as the range may have events before its head', () => {
  const head = { sequence: 900, version: 9, links: [], pages: [] }
  const chain = { sequences: [100, 200, 300, 400, 500, 600, 700, 800], bytes: 300 }
  const wanted = (part: Partial<VersionRange>): readonly number[] | undefined =>
    sequencesAhead({ ...range, ...part }, head, chain)
  expect(wanted({})).toEqual(chain.sequences)
  expect(wanted({ first: 7 })).toEqual([700, 800])
  expect(wanted({ first: 9 })).toBeUndefined()
  expect(wanted({ first: 20 })).toBeUndefined()
  expect(wanted({ last: 8 })).toBeUndefined()
  expect(wanted({ limit: 8 })).toBeUndefined()
  expect(wanted({ limit: 9 })).toEqual(chain.sequences)
  expect(wanted({ direction: 'backwards' })).toBeUndefined()
  expect(sequencesAhead(range, head, undefined)).toBeUndefined()
  expect(sequencesAhead(range, head, { ...chain, bytes: 500_000 })).toBeUndefined()
})

test('neighbours are wanted ahead only where nothing lies before them', () => {
  const head = { sequence: 9, version: 9, links: [], pages: [] }
  const chain = { sequences: [1, 2, 3, 4, 5, 6, 7, 8], bytes: 300 }
  expect(sequencesAhead(range, head, chain)).toEqual(chain.sequences)
  expect(sequencesAhead(range, { ...head, version: 100 }, chain)).toBeUndefined()
})

interface Actor {
  readonly parts: readonly ReadablePart[]
  readonly backLinks: BackLinkReader
  /** For which messages it was gone out. */
  readonly asked: number[]
}

/** So many commits, evenly spread. */
function history(commits: number, eventsEach: number): Actor {
  const parts: ReadablePart[] = []
  let head = { sequence: 0, links: [] as readonly number[], pages: [] as readonly number[] }
  for (let index = 0; index < commits; index++) {
    const sequence = (index + 1) * spacing
    const links = linksBehind(head.sequence, head.links)
    const isEnd = links.length === 32
    const firstVersion = index * eventsEach + 1
    parts.push({
      sequence,
      commitId: `c-${sequence}`,
      part: undefined,
      previous: head.sequence,
      links,
      pages: isEnd ? head.pages : [],
      firstVersion,
      lastVersion: firstVersion + eventsEach - 1,
      events: [],
    })
    head = { sequence, links, pages: pagesBehind(sequence, links, head.pages) ?? [] }
  }
  const asked: number[] = []
  const backLinks = {
    ahead: (sequences: readonly number[]): Ahead => ({
      sequences,
      first: Promise.resolve(undefined),
      others: Promise.resolve([]),
    }),
    all: async (_: string, sequences: readonly number[], __: unknown, ahead?: Ahead) => {
      asked.push(...sequences.filter((each) => each !== ahead?.sequences[0]))
      return sequences.map((each) => parts[each / spacing - 1])
    },
  }
  return { parts, backLinks: backLinks as unknown as BackLinkReader, asked }
}

function reading(
  { parts }: Actor,
  { range: wanted = range, ahead }: { range?: VersionRange; ahead?: Ahead } = {},
): ActorReading {
  return {
    actorId: 'account-alice',
    range: wanted,
    newest: parts.at(-1) as ReadablePart,
    hints: { limit: wanted.limit, partBytes: 300 },
    ahead,
    floor: async () => ({ sequence: 0, version: 0 }),
    signal: undefined,
  }
}
