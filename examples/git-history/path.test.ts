import { expect, test } from 'vitest'
import { keyOf, pathFromBytes } from './path.ts'
import { oddPaths } from './sample-history.ts'

test('keys are the paths where they can be, and never the same for two', () => {
  const paths = oddPaths.map((path) => pathFromBytes(Buffer.from(path)))
  const keys = paths.map(keyOf)
  expect(new Set(keys).size).toBe(paths.length)
  expect(keys.every((key) => Buffer.byteLength(key) <= 200 && key.isWellFormed())).toBe(true)
  const standIns = keys.filter((key) => key.includes('//sha256:'))
  expect(standIns).toHaveLength(7)
  expect(standIns).toContainEqual(expect.stringMatching(/^caf\ufffd\.txt\/\/sha256:[0-9a-f]{64}$/))
})
