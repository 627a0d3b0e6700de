import { expect, test } from 'vitest'
import type { StoredMessage, StoredPart } from '../commits/commit-message.ts'
import { EventSubjects } from '../commits/event-subjects.ts'
import { BackLinkReader, linksOf } from './back-link-reader.ts'

const subjects = new EventSubjects('prod')
const hints = { limit: Infinity, partBytes: 300 }

test('what the replica does not have yet comes from the leader', async () => {
  const asked: number[] = []
  const reader = new BackLinkReader(
    { at: async (sequences) => sequences.map((each) => (each < 3 ? message(each) : undefined)) },
    { at: async (sequence) => (asked.push(sequence), message(sequence)) },
    subjects,
  )
  const [parts] = await Array.fromAsync(
    reader.inOrder('account-alice', [1, 2, 3, 4], hints, undefined),
  )
  expect(parts?.map((part) => part.sequence)).toEqual([1, 2, 3, 4])
  expect(asked).toEqual([3, 4])
})

test.each([
  ['is gone', null],
  ["is another actor's", { ...message(7), subject: subjects.of('account-bob') }],
])('a message that %s is noticed', async (_, found) => {
  const reader = new BackLinkReader(
    { at: async () => [found ?? undefined] },
    { at: async () => found },
    subjects,
  )
  await expect(reader.at('account-alice', 7)).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringMatching(/lost sequence 7, a commit to account-alice/) as string,
  })
})

test.each([
  ['many small ones', { limit: Infinity, partBytes: 300 }, [64, 128, 192, 200]],
  ['few wanted', { limit: 3, partBytes: 300 }, [8, 16, 24]],
  ['large ones', { limit: Infinity, partBytes: 900_000 }, [2, 4, 6]],
  ['huge ones', { limit: Infinity, partBytes: 9_000_000 }, [1, 2, 3]],
])('in order, one batch is fetched ahead: %s', async (_, sizes, fetchedUpTo) => {
  let fetched = 0
  const reader = new BackLinkReader(
    { at: async (sequences) => ((fetched += sequences.length), sequences.map(message)) },
    { at: async () => null },
    subjects,
  )
  const sequences = Array.from({ length: 200 }, (_, index) => index + 1)
  const seen: StoredPart[] = []
  for (const [batch, end] of fetchedUpTo.entries()) {
    fetched = 0
    seen.length = 0
    for await (const parts of reader.inOrder('account-alice', sequences, sizes, undefined)) {
      seen.push(...parts)
      if (seen.length >= end) break
    }
    expect(seen.map((part) => part.sequence)).toEqual(sequences.slice(0, end))
    expect(fetched).toBe(fetchedUpTo[batch + 1] ?? fetched)
  }
})

test('what can not be read names what it was written behind, if it says so', () => {
  const error = new Error('broken') as never
  expect(linksOf({ sequence: 9, previous: 4, error })).toEqual([4])
  expect(linksOf({ sequence: 9, previous: 0, error })).toEqual([])
  expect(linksOf({ sequence: 9, previous: undefined, error })).toBeUndefined()
})

function message(seq: number): StoredMessage {
  const events = [{ id: `e-${seq}`, type: 'A', data: {} }]
  const body = { format: 1, id: `c-${seq}`, time: 'now', firstVersion: seq, events }
  const headers: Record<string, string> = {
    'Aether-Version': String(seq),
    'Nats-Expected-Last-Subject-Sequence': String(seq - 1),
  }
  return {
    seq,
    subject: subjects.of('account-alice'),
    header: { get: (name) => headers[name] ?? '' },
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}
