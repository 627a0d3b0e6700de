import { fc } from '../../../../test/support/fast-check.ts'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { anyCommit } from '../../../../test/support/arbitrary-commits.ts'
import { MalformedEventError } from '../../../core/index.ts'
import { decodeRows, eventColumns, type EventRow } from './event-row.ts'
import { migrate } from './migrate.ts'
import { writeRequest } from './write-request.ts'

test('whatever a commit holds, it is read as it was written, through SQLite', () => {
  using db = new DatabaseSync(':memory:')
  migrate(db, ':memory:', undefined)
  const insert = db.prepare(`INSERT INTO event (${eventColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  const select = db.prepare(
    `SELECT ${eventColumns} FROM event WHERE position > ? ORDER BY position`,
  )
  select.setReturnArrays(true)
  let position = 0
  fc.assert(
    fc.property(anyCommit, (commit) => {
      const before = position
      const expected = commit.parts.flatMap((part) =>
        part.events.map((event, index) => ({
          id: event.id,
          actorId: part.actorId,
          type: event.type,
          version: before + index + 1, // never given to this actor by an earlier run
          position: ++position,
          time: commit.time,
          data: event.data,
          metadata: event.metadata,
        })),
      )
      const rows = writeRequest(commit).parts.flatMap(({ actor, rows }) =>
        rows.map((row, index) => [actor, before + index + 1, ...row] as const),
      )
      rows.forEach((row, index) => insert.run(before + index + 1, ...row))
      const stored = select.all(before) as unknown as EventRow[]
      expect(decodeRows(stored)).toStrictEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('any text in the columns is an event, or told apart: nothing is thrown', () => {
  const anyText = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(anyText, anyText, fc.oneof(anyText, fc.json()), (actor, data, metadata) => {
      const [entry] = decodeRows([[7, actor, 1, 'x', 'Noted', '2026-01-01', data, metadata]])
      if (entry instanceof MalformedEventError) expect(entry.position).toBe(7)
      else expect(entry).toMatchObject({ id: 'x', version: 1, position: 7 })
    }),
    { numRuns: 1_000 },
  )
})

test('a row is read alike, whatever stands before it', () => {
  const anyRow = fc.record({
    actor: fc.constantFrom('order-1', 'order-a=2Eb', 'order-2', 'order', 'order-=41'),
    type: fc.constantFrom('Noted', 'Placed'),
    data: fc.constantFrom('{}', '{'),
  })
  fc.assert(
    fc.property(fc.array(anyRow), (columns) => {
      const rows = columns.map(({ actor, type, data }, index): EventRow => [
        ...([index + 1, actor, index + 1, `id-${index}`, type] as const),
        ...(['2026-01-01', data, '{}'] as const),
      ])
      expect(decodeRows(rows)).toStrictEqual(rows.flatMap((row) => decodeRows([row])))
    }),
  )
})
