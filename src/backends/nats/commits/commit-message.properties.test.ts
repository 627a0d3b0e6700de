import { fc } from '../../../../test/support/fast-check.ts'
import { expect, test } from 'vitest'
import { anyCommit } from '../../../../test/support/arbitrary-commits.ts'
import type { Commit, CommitPart } from '../../../store/index.ts'
import {
  decodePart,
  encodeBody,
  expectedSequenceHeader,
  isReadable,
  type StoredMessage,
  versionHeader,
} from './commit-message.ts'
import { positionOf } from './event-position.ts'
import { EventSubjects } from './event-subjects.ts'

const subjects = new EventSubjects('prod')

/** Where a part stands: what is around it in the stream. */
const anyPlace = fc
  .record({
    firstVersion: fc.integer({ min: 1, max: 2 ** 40 }),
    links: fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 32 }),
    step: fc.integer({ min: 1, max: 2 ** 20 }),
  })
  .map(({ links, ...rest }) => ({ ...rest, links: links.toSorted((a, b) => a - b) }))

interface Place {
  readonly firstVersion: number
  readonly links: readonly number[]
  /** From the actor's message before it, in the stream. */
  readonly step: number
}

function messageOf(commit: Commit, part: CommitPart, place: Place): StoredMessage {
  const { firstVersion, links, step } = place
  const previous = links.at(-1) ?? 0
  const headers: Record<string, string> = {
    [versionHeader]: String(firstVersion + part.events.length - 1),
    [expectedSequenceHeader]: String(previous),
  }
  return {
    seq: previous + step,
    subject: subjects.of(part.actorId),
    header: { get: (name) => headers[name] ?? '' },
    data: Buffer.from(encodeBody(commit, part, firstVersion, links)),
  }
}

test('whatever a commit holds and wherever it stands, each part is read as it was written', () => {
  fc.assert(
    fc.property(anyCommit, anyPlace, (commit, place) => {
      for (const part of commit.parts) {
        const message = messageOf(commit, part, place)
        const stored = decodePart(message, subjects)
        if (!isReadable(stored)) throw stored.error
        expect(stored.links).toEqual(place.links)
        expect(stored.previous).toBe(place.links.at(-1) ?? 0)
        expect(stored.lastVersion).toBe(place.firstVersion + part.events.length - 1)
        expect(stored.events).toStrictEqual(
          part.events.map((event, index) => ({
            id: event.id,
            actorId: part.actorId,
            type: event.type,
            version: place.firstVersion + index,
            position: positionOf(message.seq, index),
            time: commit.time,
            data: event.data,
            metadata: event.metadata,
          })),
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('bytes that were changed are read, or told apart: nothing is thrown', () => {
  const anyDamage = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 3 }),
    insert: fc.uint8Array({ maxLength: 3 }),
  })
  fc.assert(
    fc.property(anyCommit, anyPlace, anyDamage, (commit, place, { at, remove, insert }) => {
      const [part] = commit.parts as [CommitPart]
      const message = messageOf(commit, part, place)
      const start = at % message.data.length
      const data = Buffer.concat([
        message.data.subarray(0, start),
        insert,
        message.data.subarray(start + remove),
      ])
      const stored = decodePart({ ...message, data }, subjects)
      expect(stored.sequence).toBe(message.seq)
      if (isReadable(stored)) expect(stored.events).toHaveLength(part.events.length)
      else expect(stored.error).toMatchObject({ code: 'malformed-event', actorId: part.actorId })
    }),
    { numRuns: 1_000 },
  )
})

test('any bytes, headers and subject are told apart from a commit', () => {
  const anyText = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(anyText, anyText, anyText, fc.uint8Array(), (subject, version, previous, data) => {
      const headers = new Map([
        [versionHeader, version],
        [expectedSequenceHeader, previous],
      ])
      const header = { get: (name: string) => headers.get(name) ?? '' }
      expect(isReadable(decodePart({ seq: 7, subject, header, data }, subjects))).toBe(false)
    }),
  )
})
