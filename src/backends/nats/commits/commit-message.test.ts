import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { MalformedEventError } from '../../../core/index.ts'
import type { Commit, CommitPart } from '../../../store/index.ts'
import {
  decodePart,
  encodeBody,
  entriesWithin,
  isReadable,
  type ReadablePart,
  type StoredMessage,
  type StoredPart,
} from './commit-message.ts'
import { EventSubjects } from './event-subjects.ts'

const subjects = new EventSubjects('prod')

const alice: CommitPart = {
  actorId: 'account-alice',
  expected: 4,
  events: [
    { id: 'e-1', type: 'Opened', data: { owner: 'Zoë 👩‍💻 \ud800' }, metadata: {} },
    { id: 'e-2', type: 'Deposited', data: null, metadata: { userId: ' kept \r\n as it is ' } },
  ],
}
/** As a store names its commits and their events, where the caller doesn't. */
const numbered = {
  id: 'd9428888-122b-81e1-b85c-000000000fff',
  idsFrom: 3,
  ids: ['d9428888-122b-81e1-b85c-000000001002', 'd9428888-122b-81e1-b85c-000000001003'],
}
const commit: Commit = { id: 'c-1', time: '2026-11-21T20:00:00.000Z', parts: [alice] }

describe('a commit', () => {
  test('is read as it was written, placed in the log', () => {
    const stored = read(message(encodeBody(commit, alice, 5, [2, 3]), { version: '6' }))
    expect(stored).toMatchObject({ sequence: 7, firstVersion: 5, lastVersion: 6 })
    expect(stored).toMatchObject({ previous: 3, links: [2, 3] })
    expect(stored.events).toEqual(
      alice.events.map((event, index) => ({
        ...event,
        actorId: 'account-alice',
        version: 5 + index,
        position: 7 * 1_024 + index,
        time: commit.time,
      })),
    )
  })

  test('leaves out what is not there: metadata, other parts, further links', () => {
    const body = bodyOf(encodeBody(commit, alice, 1, [3]))
    expect(Object.keys(body)).toEqual(['format', 'id', 'time', 'firstVersion', 'events'])
    const events = body.events as Record<string, unknown>[]
    expect(events.map((event) => 'metadata' in event)).toEqual([false, true])
  })

  test('leaves out the ids of its events where they go on from its own', () => {
    const events = alice.events.map((each, index) => ({ ...each, id: numbered.ids[index] ?? '' }))
    const part = { ...alice, events, idsFrom: numbered.idsFrom }
    const encoded = encodeBody({ ...commit, id: numbered.id, parts: [part] }, part, 5, [3])
    expect(bodyOf(encoded)).toMatchObject({ format: 2, idsFrom: 3 })
    for (const each of bodyOf(encoded).events as object[]) expect(each).not.toHaveProperty('id')
    const stored = read(message(encoded, { version: '6' }))
    expect(stored.events.map(({ id }) => id)).toEqual(numbered.ids)
  })

  test('is read as well where an older Aether wrote it, which named each event', () => {
    const stored = read(message(text({ format: 1 })))
    expect(stored.events).toMatchObject([{ id: 'e-1', type: 'A', data: {}, version: 1 }])
  })

  test('of several parts says which one of how many each is', () => {
    const bob = { ...alice, actorId: 'account-bob' } as const
    const both = { ...commit, parts: [alice, bob] }
    expect(both.parts.map((part) => bodyOf(encodeBody(both, part, 1, [])).part)).toEqual([
      [0, 2],
      [1, 2],
    ])
  })

  test('without back links names the one before it alone', () => {
    expect(read(message(text({}), { previous: '3' })).links).toEqual([3])
    expect(read(message(text({}), { previous: '0' })).links).toEqual([])
  })

  test('may hold 1,024 events and no more, as positions would run into the next', () => {
    const [event] = alice.events
    const ofLength = (length: number): Uint8Array =>
      Buffer.from(
        encodeBody(commit, { ...alice, events: Array.from({ length }, () => event!) }, 1, []),
      )
    expect(read(message(ofLength(1_024), { version: '1024' })).events).toHaveLength(1_024)
    expect(failureOf(message(ofLength(1_025), { version: '1025' })).message).toMatch(/events/)
  })
})

describe('of the parts around one that can not be read', () => {
  const broken = decodePart({ ...message('{', { previous: '6' }), seq: 7 }, subjects)
  const around = [part(6, 1), broken, part(8, 5)]

  test.each([
    [1, Infinity, [1, 7_168, 5]],
    [2, 4, [7_168]],
    [1, 1, [1]],
    [5, 9, [5]],
  ])('versions %i to %d: it is given unless it lies outside', (first, last, expected) => {
    const entries = entriesWithin({ first, last }, around)
    expect(entries.map((entry) => ('version' in entry ? entry.version : entry.position))).toEqual(
      expected,
    )
  })

  function part(seq: number, version: number): StoredPart {
    const data = text({ firstVersion: version })
    return decodePart({ ...message(data, { version: String(version) }), seq }, subjects)
  }
})

describe('a message that is no commit', () => {
  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a byte order mark', '\ufeff{}'],
    ['half of JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['what is not UTF-8', Uint8Array.of(0xc3, 0x28)],
    ['gzip', gzipSync(Buffer.alloc(1 << 20))],
    ['another format', text({ format: 3 })],
    ['no format', text({ format: undefined })],
    ['no id', text({ id: undefined })],
    ['no time', text({ time: 7 })],
    ['a version that is none', text({ firstVersion: 0 })],
    ['a version as text', text({ firstVersion: '1' })],
    ['no events', text({ events: [] })],
    ['events that are no list', text({ events: { length: 1 } })],
    ['an event that is none', text({ events: [null] })],
    ['an event without an id', text({ events: [{ type: 'A', data: 1 }] })],
    ['events whose ids go on from no number', text({ id: numbered.id, idsFrom: '1' })],
    ['events whose ids go on from their commit’s', text({ id: numbered.id, idsFrom: 0 })],
    ['events whose ids go on from one that nothing follows', text({ idsFrom: 1 })],
    ['an event that is none, without an id', text({ ...numbered, events: [7] })],
    ['an event without a type', text({ events: [{ id: 'e', type: '', data: 1 }] })],
    ['an event without data', text({ events: [{ id: 'e', type: 'A' }] })],
    ['back links that are none', text({ back: '!' })],
    ['back links that are no text', text({ back: 7 })],
    ['metadata that is no text', text({ events: [event({ metadata: { n: 1 } })] })],
    ['metadata that is a list', text({ events: [event({ metadata: ['n'] })] })],
  ])('%s', (_, body) => {
    const data = typeof body === 'string' ? new TextEncoder().encode(body) : body
    const error = failureOf(message(data))
    expect(error.position).toBe(7 * 1_024)
    expect(error.actorId).toBe('account-alice')
    expect(error.raw.length).toBeLessThanOrEqual(2_000)
    expect(error.cause).toBeInstanceOf(Error)
    if (typeof body === 'string') expect(error.raw).toBe(body.replace('\ufeff', ''))
  })

  test.each(['', '0', '-1', '1.5', '01', '1e3', 'x', '9007199254740993'])(
    'the version header %j',
    (header) => {
      const broken = message(text({}), { version: header })
      expect(failureOf(broken).message).toMatch(/Aether-Version/)
    },
  )

  test.each(['', '-1', '1.5', 'x'])(
    'the header %j for the sequence it was written behind',
    (header) => {
      const broken = message(text({}), { previous: header })
      expect(failureOf(broken).message).toMatch(/Nats-Expected-Last-Subject-Sequence/)
      expect(decodePart(broken, subjects).previous).toBeUndefined()
    },
  )

  test('a header that contradicts the body', () => {
    const error = failureOf(message(text({}), { version: '2' }))
    expect(error.message).toMatch(/header says version 2, its body ends at 1/)
  })

  test('a subject that is no actor', () => {
    const lost = { ...message(text({})), subject: 'aether.prod.event.account.a.b' }
    const error = failureOf(lost)
    expect(error.actorId).toBeUndefined()
    expect(error.message).toMatch(/"a.b" is not an encoded key/)
  })
})

function message(
  data: Uint8Array | string,
  { version = '1', previous = '3' }: { version?: string; previous?: string } = {},
): StoredMessage {
  const headers: Record<string, string> = {
    'Aether-Version': version,
    'Nats-Expected-Last-Subject-Sequence': previous,
  }
  return {
    seq: 7,
    subject: subjects.of('account-alice'),
    header: { get: (name) => headers[name] ?? '' },
    data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
  }
}

/** A right body of one event, but for these members. */
function text(members: Record<string, unknown>): string {
  const right = { format: 2, id: 'c-1', time: commit.time, firstVersion: 1, events: [event({})] }
  return JSON.stringify({ ...right, ...members })
}

function event(members: Record<string, unknown>): Record<string, unknown> {
  return { id: 'e-1', type: 'A', data: {}, ...members }
}

function bodyOf(encoded: string): Record<string, unknown> {
  return JSON.parse(encoded) as Record<string, unknown>
}

function read(stored: StoredMessage): ReadablePart {
  const part = decodePart(stored, subjects)
  if (isReadable(part)) return part
  throw part.error
}

function failureOf(stored: StoredMessage): MalformedEventError {
  const part = decodePart(stored, subjects)
  if (isReadable(part)) throw new Error('it was read')
  return part.error
}
