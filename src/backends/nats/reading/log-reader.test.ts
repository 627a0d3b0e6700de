import { expect, test } from 'vitest'
import type { LogRange } from '../../../store/index.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import { positionOf } from '../commits/event-position.ts'
import { EventSubjects } from '../commits/event-subjects.ts'
import { LogReader } from './log-reader.ts'

const subjects = new EventSubjects('prod')
const filter = { actorTypes: ['account'] }
const cutOff = { code: 'store-unavailable', message: expect.stringContaining('cut off') }

test('a read that has to reach what a leader knew does not end where another one knows less', async () => {
  const ends = [3, 2, 3]
  const reader = readerOf({ ends: () => ends.shift() ?? 0, next: (from) => messageAt(from, 3) })
  const reach = await reader.lastPosition(undefined)
  await expect(sequencesOf(reader, { reach })).rejects.toMatchObject(cutOff)
  expect(await sequencesOf(reader, { reach })).toEqual([1, 2, 3])
})

test('without anything to reach, it ends where the leader says', async () => {
  const reader = readerOf({ ends: () => 2, next: (from) => messageAt(from, 2) })
  expect(await sequencesOf(reader, {})).toEqual([1, 2])
})

test('that there is nothing more is asked again where another server said so', async () => {
  const scene = { connection: 0 }
  let newest = 3
  const reader = readerOf({
    connection: () => scene.connection,
    ends: () => newest,
    next: (from) => {
      if (from < 3 || scene.connection > 0) return messageAt(from, newest)
      scene.connection++ // the connection is lost, and the next server is cut off from the others
      return null
    },
  })
  expect(await sequencesOf(reader, {})).toEqual([1, 2, 3])
  scene.connection = 0
  const left = sequencesOf(reader, { after: positionOf(2, 0) })
  newest = 2
  await expect(left).rejects.toMatchObject(cutOff)
})

test('of one server it is believed', async () => {
  let asked = 0
  const reader = readerOf({ ends: () => (asked++, 9), next: (from) => messageAt(from, 2) })
  expect(await sequencesOf(reader, {})).toEqual([1, 2])
  expect(asked).toBe(1)
})

interface Answers {
  readonly ends: () => number
  readonly next: (fromSequence: number) => StoredMessage | null
  readonly connection?: () => number
}

/** No replica answers, so all is asked of the leader. */
function readerOf({ ends, next, connection = () => 0 }: Answers): LogReader {
  return new LogReader({
    leader: {
      lastSequence: async () => ends(),
      certainLastSequence: async () => ends(),
      next: async (_, fromSequence) => next(fromSequence),
      learn: () => {},
      get connection() {
        return connection()
      },
    },
    replicas: { fetch: async () => undefined },
    longRun: () => expect.unreachable('it is no long read'),
    subjects,
    floors: undefined,
  })
}

/** Of a stream in which each message is the actor's next event. */
function messageAt(sequence: number, newest: number): StoredMessage | null {
  if (sequence > newest) return null
  const headers: Record<string, string> = {
    'Aether-Version': String(sequence),
    'Nats-Expected-Last-Subject-Sequence': String(sequence - 1),
  }
  const event = { id: `e-${sequence}`, type: 'Happened', data: null }
  const body = { format: 1, id: 'c', time: 't', firstVersion: sequence, events: [event] }
  return {
    seq: sequence,
    subject: subjects.of('account-alice'),
    header: { get: (name) => headers[name] ?? '' },
    data: Buffer.from(JSON.stringify(body)),
  }
}

async function sequencesOf(reader: LogReader, range: Partial<LogRange>): Promise<number[]> {
  const batches = reader.read({ after: 0, limit: Infinity, filter, ...range }, undefined)
  return (await Array.fromAsync(batches)).flat().map(({ position }) => Math.floor(position / 1_024))
}
