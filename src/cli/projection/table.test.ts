import { expect, test } from 'vitest'
import { tableLines } from './table.ts'

const columns = {
  name: ({ name }: Row) => name,
  state: ({ state }: Row) => state,
  cause: ({ cause }: Row) => cause,
}

interface Row {
  readonly name: string
  readonly state: string
  readonly cause: string
}

test('cells of a column begin below each other, and no line ends in spaces', () => {
  const rows = [
    { name: 'balances', state: 'live', cause: 'two\nlines \u001B[2J' },
    { name: 'ship', state: 'catching-up', cause: '' },
  ]
  expect(tableLines(rows, columns)).toEqual([
    'NAME      STATE        CAUSE',
    'balances  live         two lines  [2J',
    'ship      catching-up',
  ])
  expect(tableLines([], columns)).toEqual(['NAME  STATE  CAUSE'])
})
