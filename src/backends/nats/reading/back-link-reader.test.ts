import { expect, test } from 'vitest'
import type { StoredMessage, StoredPart } from '../commits/commit-message.ts'
import { EventSubjects } from '../commits/event-subjects.ts'
import { BackLinkReader, linksOf, type ReplicaMessages } from './back-link-reader.ts'

const subjects = new EventSubjects('prod')
const hints = { limit: Infinity, partBytes: 300 }

test('what the replica does not have yet comes from the leader', async () => {
  const asked: number[] = []
  const reader = new BackLinkReader(
    replicasWith((sequence) => (sequence < 3 ? message(sequence) : undefined)),
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
    replicasWith(() => found ?? undefined),
    { at: async () => found },
    subjects,
  )
  await expect(reader.at('account-alice', 7)).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringMatching(/lost sequence 7, a commit to account-alice/) as string,
  })
})

test.each([
  ['many small ones', { limit: Infinity, partBytes: 300 }, [64, 192, 200]],
  ['few wanted', { limit: 3, partBytes: 300 }, [8, 24, 56]],
  ['large ones', { limit: Infinity, partBytes: 900_000 }, [2, 4, 6]],
  ['huge ones', { limit: Infinity, partBytes: 9_000_000 }, [1, 2, 3]],
])('in order, one batch is fetched ahead: %s', async (_, sizes, fetchedUpTo) => {
  let fetched = 0
  const replicas = replicasWith((sequence) => (fetched++, message(sequence)))
  const reader = new BackLinkReader(replicas, { at: async () => null }, subjects)
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

test('of a run, all but the first come without headers', async () => {
  const withHeaders: number[] = []
  const replicas = replicasWith(
    message,
    (sequence, what) => what === 'message' && withHeaders.push(sequence),
  )
  const reader = new BackLinkReader(replicas, { at: async () => null }, subjects)
  const parts = await Array.fromAsync(reader.run('account-alice', [1, 2, 3], hints, undefined))
  expect(parts.flat()).toEqual(await reader.all('account-alice', [1, 2, 3]))
  expect(withHeaders).toEqual([1, 1, 2, 3])
})

test.each([
  ['is not there', undefined],
  ['is not the next', { ...message(2), data: message(7).data }],
  ['can not be read', { ...message(2), data: new TextEncoder().encode('{}') }],
])('what of a run %s without headers is fetched with them', async (_, bare) => {
  const replicas = replicasWith(message)
  const bodies: typeof replicas.bodies = async (sequences) =>
    sequences.flatMap((each) => (each === 2 ? bare : message(each))?.data ?? [])
  const reader = new BackLinkReader({ ...replicas, bodies }, { at: async () => null }, subjects)
  const parts = await Array.fromAsync(reader.run('account-alice', [1, 2, 3], hints, undefined))
  expect(parts.flat()).toEqual(await reader.all('account-alice', [1, 2, 3]))
})

test.each([
  ['all of it', [1, 2, 3, 4, 5]],
  ['one alone', [1]],
  ['its end', [4, 5]],
  ['its middle', [3, 4]],
  ['its beginning', [1, 2, 3]],
])('what was asked ahead of a run is not asked again: %s', async (_, sequences) => {
  const asked: number[] = []
  const replicas = replicasWith(message, (sequence) => asked.push(sequence))
  const reader = new BackLinkReader(replicas, { at: async () => null }, subjects)
  const ahead = reader.ahead(sequences, undefined)
  const run = [1, 2, 3, 4, 5]
  const parts = await Array.fromAsync(reader.run('account-alice', run, hints, undefined, ahead))
  expect(parts.flat().map((part) => part.sequence)).toEqual(run)
  expect(asked.toSorted((a, b) => a - b)).toEqual(run)
})

test.each<[string, number[], number[]]>([
  ['another run', [7, 8], []],
  ['what is gone', [1, 2], [2]],
  ['what begins with what is gone', [1, 2], [1]],
])('what was asked ahead and turns out to be %s is not relied on', async (_, sequences, gone) => {
  let isAhead = true
  const find = (each: number): StoredMessage | undefined =>
    isAhead && gone.includes(each) ? undefined : message(each)
  const reader = new BackLinkReader(replicasWith(find), { at: async () => null }, subjects)
  const ahead = reader.ahead(sequences, undefined)
  await ahead.others
  isAhead = false
  const leader = { at: async (sequence: number) => message(sequence) }
  const later = new BackLinkReader(replicasWith(find), leader, subjects)
  const parts = await Array.fromAsync(
    later.run('account-alice', [1, 2, 3], hints, undefined, ahead),
  )
  expect(parts.flat().map((part) => part.sequence)).toEqual([1, 2, 3])
})

test('what was asked ahead is taken whole, or not at all', async () => {
  const taken = async (find: (sequence: number) => StoredMessage | undefined): Promise<unknown> => {
    const reader = new BackLinkReader(replicasWith(find), { at: async () => null }, subjects)
    return reader.taken('account-alice', reader.ahead([1, 2, 3], undefined))
  }
  expect(await taken(message)).toMatchObject([1, 2, 3].map((sequence) => ({ sequence })))
  for (const gone of [1, 2, 3])
    expect(await taken((each) => (each === gone ? undefined : message(each)))).toBeUndefined()
  const foreign = { ...message(1), subject: subjects.of('account-bob') }
  expect(await taken((each) => (each === 1 ? foreign : message(each)))).toBeUndefined()
  const broken = { ...message(1), data: new TextEncoder().encode('{}') }
  expect(await taken((each) => (each === 1 ? broken : message(each)))).toBeUndefined()
})

test('a run of one, and of none', async () => {
  const reader = new BackLinkReader(replicasWith(message), { at: async () => null }, subjects)
  const one = await Array.fromAsync(reader.run('account-alice', [5], hints, undefined))
  expect(one.flat().map((part) => part.sequence)).toEqual([5])
  expect(await Array.fromAsync(reader.run('account-alice', [], hints, undefined))).toEqual([])
})

test('what can not be read names what it was written behind, if it says so', () => {
  const error = new Error('broken') as never
  expect(linksOf({ sequence: 9, previous: 4, error })).toEqual([4])
  expect(linksOf({ sequence: 9, previous: 0, error })).toEqual([])
  expect(linksOf({ sequence: 9, previous: undefined, error })).toBeUndefined()
})

function replicasWith(
  find: (sequence: number) => StoredMessage | undefined,
  onAsked: (sequence: number, what: 'message' | 'body') => void = () => undefined,
): ReplicaMessages {
  return {
    at: async (sequences) => sequences.map((each) => (onAsked(each, 'message'), find(each))),
    bodies: async (sequences) =>
      sequences.flatMap((each) => (onAsked(each, 'body'), find(each)?.data ?? [])).toReversed(),
  }
}

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
