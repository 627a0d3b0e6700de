import { expect, test } from 'vitest'
import { parseTarget } from './target.ts'

test('a query that names the same again and again is read in one pass', () => {
  const count = 300_000
  const { query } = parseTarget(`/events?${'type=a,b&'.repeat(count)}`)
  expect(query.names).toEqual(['type'])
  expect(query.list('type')).toHaveLength(2 * count)
})
