import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const known = ['backend', 'json', 'metadata', 'limit', 'id', 'from', 'to', 'unchecked']

test.each([
  ['backnd', 'backend'],
  ['bakcend', 'backend'],
  ['backends', 'backend'],
  ['bckend', 'backend'],
  ['jsn', 'json'],
  ['limti', 'limit'],
  ['meta', 'metadata'],
  ['unchekd', 'unchecked'],
  ['form', 'from'],
  ['ad', 'id'],
])('%s is taken for %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant)
})

test.each(['', 'x', 'verbose', 'bcknds', 'color'])('%j is taken for nothing', (word) => {
  expect(nearest(word, known)).toBeUndefined()
})
