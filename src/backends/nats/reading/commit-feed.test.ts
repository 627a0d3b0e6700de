import { expect, test } from 'vitest'
import { isReadable, type StoredMessage, type StoredPart } from '../commits/commit-message.ts'
import { EventSubjects } from '../commits/event-subjects.ts'
import { CommitFeed, type LeaderAnswers, type ReplicaAnswers } from './commit-feed.ts'

const subjects = new EventSubjects('prod')
const request = { fromSequence: 1, subject: subjects.all, maxMessages: 100 }

test('a run comes from the replica alone', async () => {
  const feed = feedOf([message(1), message(2), message(3)], () => {
    throw new Error('the leader was asked')
  })
  expect(await sequencesOf(feed)).toEqual([1, 2, 3])
})

test('where the replica has nothing yet, the leader gives the next one', async () => {
  const feed = feedOf([], (_, sequence) => message(sequence))
  expect(await sequencesOf(feed)).toEqual([1])
})

test('where there is nothing, there is nothing', async () => {
  expect(await sequencesOf(feedOf([], () => null))).toEqual([])
})

test('a run ends before a gap', async () => {
  const feed = feedOf([message(1), message(3), message(4)], () => null)
  expect(await sequencesOf(feed)).toEqual([1])
})

test("behind a gap, the leader's word counts", async () => {
  expect(await sequencesOf(feedOf([message(2)], () => message(1)))).toEqual([1])
  expect(await sequencesOf(feedOf([message(2)], () => message(2)))).toEqual([2])
})

test('what can not be read stands in its place', async () => {
  const broken = { ...message(2), data: new Uint8Array() }
  const parts = await partsOf(feedOf([message(1), broken, message(3)], () => null))
  expect(parts.map(isReadable)).toEqual([true, false, true])
  expect(parts[1]).toMatchObject({ sequence: 2, previous: 1, error: { position: 2 * 1_024 } })
})

function feedOf(
  fromReplica: readonly StoredMessage[],
  fromLeader: (subject: string, sequence: number) => StoredMessage | null,
): CommitFeed {
  const replicas: ReplicaAnswers = {
    fetch: async (_, take) => {
      fromReplica.every(take)
    },
  }
  const leader: LeaderAnswers = {
    next: async (subject, sequence) => fromLeader(subject, sequence),
    learn: () => {},
  }
  return new CommitFeed(replicas, leader, subjects)
}

function partsOf(feed: CommitFeed): Promise<readonly StoredPart[]> {
  return feed.next(request, (part, before) => part.sequence === before + 1)
}

async function sequencesOf(feed: CommitFeed): Promise<number[]> {
  return (await partsOf(feed)).map((part) => part.sequence)
}

function message(seq: number): StoredMessage {
  const events = [{ id: `e-${seq}`, type: 'A', data: {} }]
  const body = { format: 1, id: `c-${seq}`, time: 'now', firstVersion: 1, events }
  const headers: Record<string, string> = {
    'Aether-Version': '1',
    'Nats-Expected-Last-Subject-Sequence': String(seq - 1),
  }
  return {
    seq,
    subject: subjects.of(`account-${seq}`),
    header: { get: (name) => headers[name] ?? '' },
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}
