import { expect, test } from 'vitest'
import { CommitFeed, type LeaderAnswers, type ReplicaAnswers } from './commit-feed.ts'
import type { StoredMessage } from './commit-message.ts'
import { EventSubjects } from './event-subjects.ts'

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

test('what can not be read is an error once it is the first', async () => {
  const broken = { ...message(3), data: new Uint8Array() }
  expect(await sequencesOf(feedOf([message(1), message(2), broken], () => null))).toEqual([1, 2])
  await expect(sequencesOf(feedOf([broken], () => null))).rejects.toMatchObject({
    code: 'malformed-event',
    position: 3 * 1_024,
  })
})

function feedOf(
  fromReplica: readonly StoredMessage[],
  fromLeader: (subject: string, sequence: number) => StoredMessage | null,
): CommitFeed {
  const replicas: ReplicaAnswers = { fetch: async () => fromReplica }
  const leader: LeaderAnswers = { next: async (subject, sequence) => fromLeader(subject, sequence) }
  return new CommitFeed(replicas, leader, subjects)
}

async function sequencesOf(feed: CommitFeed): Promise<number[]> {
  const commits = await feed.next(
    request,
    (commit, previous) => commit.sequence === (previous?.sequence ?? 0) + 1,
  )
  return commits.map((commit) => commit.sequence)
}

function message(seq: number): StoredMessage {
  const events = [{ id: `e-${seq}`, type: 'A', data: {} }]
  const body = { format: 1, id: `c-${seq}`, time: 'now', firstVersion: 1, events }
  return {
    seq,
    subject: subjects.of(`account-${seq}`),
    header: { get: (name) => (name === 'Aether-Version' ? '1' : '') },
    data: new TextEncoder().encode(JSON.stringify(body)),
  }
}
