import { expect, test } from 'vitest'
import type { VersionRange } from '../../../store/index.ts'
import { linksBehind, pagesBehind } from '../commits/back-links.ts'
import type { ReadablePart } from '../commits/commit-message.ts'
import type { ActorReading } from './actor-reading.ts'
import type { Ahead, BackLinkReader } from './back-link-reader.ts'
import { sequencesBefore, wantedAhead } from './page-walk.ts'

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

test.each([
  ['is still the newest', 60],
  ['is not the newest any more', 50],
  ['is the end of a page that was the newest', 34],
])('what is known of a head spares the walk where it %s', async (_, count) => {
  const actor = history(60, 1)
  const chain = actor.parts.slice(0, count).map((part) => part.sequence)
  const ahead = actor.backLinks.ahead(chain.slice(0, -1), undefined)
  const walked = await sequencesBefore(reading(actor, { ahead, chain }), actor.backLinks)
  expect(walked?.sequences).toEqual(actor.parts.slice(0, 59).map((part) => part.sequence))
  expect(walked?.ahead).toBe(ahead)
  expect(actor.asked).toEqual([])
})

test('what is known of a head may begin behind what the newest commit names', async () => {
  const actor = history(60, 1)
  const chain = actor.parts.slice(49).map((part) => part.sequence)
  const ahead = actor.backLinks.ahead(chain.slice(0, 3), undefined)
  const walked = await sequencesBefore(
    reading(actor, { ahead, chain, range: { ...range, first: 50, last: 51 } }),
    actor.backLinks,
  )
  expect(walked).toEqual({ sequences: chain.slice(0, -1), ahead })
})

test.each([
  ['an older page', (all: readonly number[]) => all.slice(0, 20)],
  ['another stream', (all: readonly number[]) => all.slice(10).map((each) => each + 1)],
  ['another stream in part', (all: readonly number[]) => all.toSpliced(50, 1)],
])('what was known of %s is left', async (_, knownOf) => {
  const actor = history(60, 1)
  const all = actor.parts.slice(0, -1).map((part) => part.sequence)
  const chain = knownOf(all)
  const ahead = actor.backLinks.ahead(chain, undefined)
  const walked = await sequencesBefore(reading(actor, { ahead, chain }), actor.backLinks)
  expect(walked?.sequences).toEqual(all)
  expect(walked?.ahead).not.toBe(ahead)
})

test('of what is known before a head, as much is asked for as the range may have events there', () => {
  const head = { sequence: 2_000, version: 20, links: [], pages: [] }
  const sequences = Array.from({ length: 19 }, (_, index) => (index + 1) * 100)
  const known = { sequences, bytes: 300 }
  const asked = (part: Partial<VersionRange>): readonly number[] | undefined =>
    wantedAhead({ ...range, ...part }, head, known)?.asked
  expect(asked({})).toEqual(sequences)
  expect(asked({ first: 18 })).toEqual([1_800, 1_900])
  expect(asked({ first: 20 })).toBeUndefined()
  expect(asked({ first: 30 })).toBeUndefined()
  // One event has others in the same batch, as there is no telling how many a commit has.
  expect(asked({ first: 4, last: 4 })).toEqual(sequences.slice(3, 11))
  expect(asked({ first: 17, last: 17 })).toEqual([1_700, 1_800, 1_900])
  expect(asked({ limit: 10 })).toEqual(sequences.slice(0, 10))
  expect(asked({ limit: 20 })).toEqual(sequences)
  expect(asked({ direction: 'backwards' })).toBeUndefined()
  expect(wantedAhead({ ...range, first: 4, last: 4 }, head, known)?.chain).toEqual([
    ...sequences.slice(3),
    2_000,
  ])
  expect(wantedAhead(range, head, undefined)).toBeUndefined()
  expect(wantedAhead(range, head, { ...known, bytes: 200_000 })).toBeUndefined()
  // Where commits before it are not known, all may be wanted, but who knows where a part is.
  const older = { ...head, version: 40 }
  expect(wantedAhead(range, older, known)?.asked).toEqual(sequences)
  expect(wantedAhead({ ...range, last: 8 }, older, known)).toBeUndefined()
})

test('neighbours are asked for only where nothing lies before them', () => {
  const head = { sequence: 9, version: 9, links: [], pages: [] }
  const known = { sequences: [1, 2, 3, 4, 5, 6, 7, 8], bytes: 300 }
  expect(wantedAhead(range, head, known)?.asked).toEqual(known.sequences)
  expect(wantedAhead(range, { ...head, version: 100 }, known)).toBeUndefined()
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
  {
    range: wanted = range,
    ahead,
    chain,
  }: Partial<Pick<ActorReading, 'range' | 'ahead' | 'chain'>> = {},
): ActorReading {
  return {
    actorId: 'account-alice',
    range: wanted,
    newest: parts.at(-1) as ReadablePart,
    hints: { limit: wanted.limit, partBytes: 300 },
    ahead,
    chain,
    floor: async () => ({ sequence: 0, version: 0 }),
    signal: undefined,
  }
}
