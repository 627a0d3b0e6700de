import { expect, test } from 'vitest'
import type { SmallRow } from './large-data.ts'
import { packRows, unpackRows } from './packed-rows.ts'

function sentOver(rows: readonly SmallRow[]): readonly SmallRow[] {
  return unpackRows(structuredClone(packRows(rows)))
}

test('rows that went from one thread to another are the same', () => {
  const last = Number.MAX_SAFE_INTEGER
  const rows: readonly SmallRow[] = [
    [1, 'order-1', 1, 'a', 'Placed', '2026-01-01T00:00:00.000Z', '{"note":"é\\n"}', '{}'],
    [2, 'order-2', 1, 'b', 'Placed', '2026-01-01T00:00:00.000Z', '1', '{"by":"Ann"}'],
    [7, 'order-1', 2, 'c', 'Paid', '2026-01-01T00:00:00.000Z', null, '{}'],
    [8, 'order-1', 3, 'd', 'Placed', '2026-01-01T00:00:00.001Z', 'no JSON', '{}'],
    [last, 'order-1', last, 'e', '', '', '', ''],
  ]
  expect(sentOver(rows)).toEqual(rows)
  expect(sentOver([])).toEqual([])
})
