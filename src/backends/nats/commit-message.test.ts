import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MalformedEventError } from '../../core/index.ts'
import type { Commit } from '../../store/index.ts'
import { decodeCommit, encodeBody, type StoredMessage } from './commit-message.ts'
import { EventSubjects } from './event-subjects.ts'

const subjects = new EventSubjects('prod')

const commit: Commit = {
  id: 'c-1',
  actorId: 'account-alice',
  time: '2026-11-21T20:00:00.000Z',
  isRepeatable: false,
  events: [
    { id: 'e-1', type: 'Opened', data: { owner: 'Zoë 👩‍💻 \ud800' }, metadata: {} },
    { id: 'e-2', type: 'Deposited', data: null, metadata: { userId: ' kept \r\n as it is ' } },
  ],
}

describe('a commit', () => {
  test('is read as it was written, placed in the log', () => {
    const stored = decodeCommit(message(encodeBody(commit, 5), '6'), subjects)
    expect(stored).toMatchObject({ sequence: 7, firstVersion: 5, lastVersion: 6 })
    expect(stored.events).toEqual(
      commit.events.map((event, index) => ({
        ...event,
        actorId: 'account-alice',
        version: 5 + index,
        position: 7 * 1_024 + index,
        time: commit.time,
      })),
    )
  })

  test('leaves out metadata that is empty', () => {
    const body = JSON.parse(new TextDecoder().decode(encodeBody(commit, 1))) as Commit
    expect(body.events.map((event) => 'metadata' in event)).toEqual([false, true])
  })

  test('may hold 1,024 events and no more, as positions would run into the next', () => {
    const [event] = commit.events
    const ofLength = (length: number): Uint8Array =>
      encodeBody({ ...commit, events: Array.from({ length }, () => event!) }, 1)
    expect(decodeCommit(message(ofLength(1_024), '1024'), subjects).events).toHaveLength(1_024)
    expect(() => decodeCommit(message(ofLength(1_025), '1025'), subjects)).toThrow(/events/)
  })
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
    ['another format', text({ format: 2 })],
    ['no format', text({ format: undefined })],
    ['no id', text({ id: undefined })],
    ['no time', text({ time: 7 })],
    ['a version that is none', text({ firstVersion: 0 })],
    ['a version as text', text({ firstVersion: '1' })],
    ['no events', text({ events: [] })],
    ['events that are no list', text({ events: { length: 1 } })],
    ['an event that is none', text({ events: [null] })],
    ['an event without an id', text({ events: [{ type: 'A', data: 1 }] })],
    ['an event without a type', text({ events: [{ id: 'e', type: '', data: 1 }] })],
    ['an event without data', text({ events: [{ id: 'e', type: 'A' }] })],
    ['metadata that is no text', text({ events: [event({ metadata: { n: 1 } })] })],
    ['metadata that is a list', text({ events: [event({ metadata: ['n'] })] })],
  ])('%s', (_, body) => {
    const data = typeof body === 'string' ? new TextEncoder().encode(body) : body
    const error = failureOf(() => decodeCommit(message(data), subjects))
    expect(error.position).toBe(7 * 1_024)
    expect(error.actorId).toBe('account-alice')
    expect(error.raw.length).toBeLessThanOrEqual(2_000)
    expect(error.cause).toBeInstanceOf(Error)
    if (typeof body === 'string') expect(error.raw).toBe(body.replace('\ufeff', ''))
  })

  test.each(['', '0', '-1', '1.5', '01', '1e3', 'x', '9007199254740993'])(
    'the version header %j',
    (header) => {
      const broken = message(text({}), header)
      expect(failureOf(() => decodeCommit(broken, subjects)).message).toMatch(/Aether-Version/)
    },
  )

  test('a header that contradicts the body', () => {
    const error = failureOf(() => decodeCommit(message(text({}), '2'), subjects))
    expect(error.message).toMatch(/header says version 2, its body ends at 1/)
  })

  test('a subject that is no actor', () => {
    const lost = { ...message(text({})), subject: 'aether.prod.event.account.a.b' }
    const error = failureOf(() => decodeCommit(lost, subjects))
    expect(error.actorId).toBeUndefined()
    expect(error.message).toMatch(/"a.b" is not an encoded key/)
  })
})

function message(data: Uint8Array | string, version = '1'): StoredMessage {
  return {
    seq: 7,
    subject: subjects.of('account-alice'),
    header: { get: (name) => (name === 'Aether-Version' ? version : '') },
    data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
  }
}

/** A right body of one event, but for these members. */
function text(members: Record<string, unknown>): string {
  const right = { format: 1, id: 'c-1', time: commit.time, firstVersion: 1, events: [event({})] }
  return JSON.stringify({ ...right, ...members })
}

function event(members: Record<string, unknown>): Record<string, unknown> {
  return { id: 'e-1', type: 'A', data: {}, ...members }
}

function failureOf(decode: () => unknown): MalformedEventError {
  try {
    decode()
  } catch (error) {
    if (error instanceof MalformedEventError) return error
    throw error
  }
  throw new Error('it was read')
}
