import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { LogFilter } from '../../../store/index.ts'
import { decodeRows, eventColumns, type EventRow } from './event-row.ts'
import { LargeData } from './large-data.ts'
import { decodePacked } from './packed-events.ts'
import { type OtherData, type PackableRow, type PackedRows, packRows } from './packed-rows.ts'
import { pageQuery } from './scan-query.ts'

const time = '2026-01-01T00:00:00.000Z'
const last = Number.MAX_SAFE_INTEGER
const large = JSON.stringify('x'.repeat(100_000))

function noted(position: number, data: string, rest: Partial<Record<3 | 4 | 7, string>> = {}) {
  const { 3: id = `id-${position}`, 4: type = 'Noted', 7: metadata = '{}' } = rest
  return [position, 'order-1', position, id, type, time, data, metadata] as const
}

function tableOf(rows: readonly EventRow[]): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  db.exec(`CREATE TABLE event (position INTEGER PRIMARY KEY, actor TEXT, version INTEGER, id TEXT,
    type TEXT, time TEXT, data TEXT, metadata TEXT) STRICT`)
  const insert = db.prepare(`INSERT INTO event (${eventColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
  for (const row of rows) insert.run(...row)
  return db
}

function packedIn(db: DatabaseSync, filter: LogFilter = {}): PackedRows[] | undefined {
  const { rows, others, values: pieces } = pageQuery({ after: 0, to: 1_000 }, filter)
  const query = db.prepare(rows)
  query.setReturnArrays(true)
  const packed = pieces.map((values) =>
    packRows(
      query.get(...values) as unknown as PackableRow,
      () => db.prepare(others).all(...values) as unknown as OtherData[],
    ),
  )
  return packed.every((piece) => piece !== undefined) ? structuredClone(packed) : undefined
}

/** What becomes of rows that go from one thread to another. */
function sentOver(rows: readonly EventRow[], filter?: LogFilter) {
  using db = tableOf(rows)
  const packed = packedIn(db, filter)
  return packed && decodePacked(packed, new LargeData(db).begin())
}

describe('rows that went from one thread to another are the same events', () => {
  const rows: Readonly<Record<string, readonly EventRow[]>> = {
    none: [],
    'one behind the other': [
      noted(1, '{"note":"é"}'),
      noted(2, '1'),
      noted(7, ' [null] '),
      noted(8, 'null'),
    ],
    'of several actors and types': [
      noted(1, '1'),
      [2, 'item-=41', 1, 'a"b\\c', 'Paid', '', '2', '{"by":"Ann"}'],
      [3, 'item-=C3=A9', last, 'é\u{1f600}', 'Noted', time, '3', '{"by":"Ann"}'],
      [1_000, 'order-1', 3, '', '', time, '4', '{}'],
    ],
    'in several pieces': [noted(250, '1'), noted(251, large), noted(501, '['), noted(999, '4')],
    'with escapes': [noted(1, '{"a\\n":"\\\\"}'), noted(2, '2'), noted(3, '"\\ud83d\\ude00"')],
    'with escapes in keys': [noted(1, '{"a":1,"b\\n":2}'), noted(2, '{"a":1,"b\\t":2}')],
    'of which some are large': [noted(1, '1'), noted(2, large), noted(3, '"\\n"'), noted(4, '4')],
    'of which some are damaged': [
      noted(1, '{"a":1}'),
      noted(2, '{"number":'),
      noted(3, ''),
      noted(4, '{"a":1}', { 7: '[]' }),
      noted(5, '05'),
      [6, 'no id', 1, 'a', 'Noted', time, '1', '{}'],
      noted(7, "{'a':1}"),
      noted(8, '"a\nb"'),
      noted(9, '\\'),
      noted(10, '1,2'),
    ],
    'of which damaged ones would be JSON together': [
      noted(1, '{"a":[1'),
      noted(2, '2]},{"b":1}'),
      noted(3, '"a'),
      noted(4, 'b","c"'),
    ],
  }
  for (const [name, some] of Object.entries(rows))
    test(name, () => expect(sentOver(some)).toEqual(decodeRows(some)))
})

test('a filter lets rows through in the same way', () => {
  const rows: EventRow[] = [
    noted(1, '1'),
    noted(2, '[', { 4: 'Paid' }),
    [3, 'item-1', 1, 'a', 'Paid', time, '3', '{}'],
    [4, 'orders-1', 1, 'a', 'Paid', time, '[', '{}'],
  ]
  const positionsOf = (filter: LogFilter) => sentOver(rows, filter)?.map(({ position }) => position)
  expect(positionsOf({ actorTypes: ['order'] })).toEqual([1, 2])
  expect(positionsOf({ actorTypes: ['order', 'item'], eventTypes: ['Paid'] })).toEqual([2, 3])
  expect(positionsOf({ eventTypes: ['Other'] })).toEqual([])
})

test('what is large and was trimmed meanwhile is left out', () => {
  using db = tableOf([noted(1, '1'), noted(2, large), noted(3, '"\\n"')])
  const packed = packedIn(db) as PackedRows[]
  db.exec('DELETE FROM event WHERE position = 2')
  const entries = decodePacked(packed, new LargeData(db).begin())
  expect(entries).toMatchObject([
    { position: 1, data: 1 },
    { position: 3, data: '\n' },
  ])
})

test('large data is taken as long as there is room for it', () => {
  const megabyte = JSON.stringify('x'.repeat(1_000_000))
  const rows = Array.from({ length: 20 }, (_, index) => noted(index + 1, megabyte))
  expect(sentOver(rows)).toEqual(decodeRows(rows.slice(0, 9)))
})

test('others that were trimmed between two queries make a page worth nothing', () => {
  const page: PackableRow = [
    '[1,2]',
    '["a-1","a-1"]',
    '[1,2]',
    '["a","b"]',
    '["A","A"]',
    '["",""]',
    '["{}","{}"]',
    '\u0001,1',
  ]
  expect(packRows(page, () => [])).toBeUndefined()
  expect(packRows(page, () => [{ position: 1, text: 'x' }])).toMatchObject({ data: '[null,1]' })
})

test('a page with what SQLite alone takes for JSON is worth nothing', () => {
  expect(sentOver([noted(1, '1'), noted(2, '2\u00003')])).toBeUndefined()
})

test('packed rows that are not what they were taken for are not decoded', () => {
  using db = tableOf([noted(1, '1'), noted(2, '2')])
  const [packed] = packedIn(db) as [PackedRows]
  const reading = new LargeData(db).begin()
  expect(decodePacked([packed], reading)).toHaveLength(2)
  for (const data of ['[1]', '[1,2,3]', '[1,', '[1 2]'])
    expect(decodePacked([{ ...packed, data }], reading)).toBeUndefined()
})
