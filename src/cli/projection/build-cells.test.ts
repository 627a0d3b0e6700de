import { expect, test } from 'vitest'
import { buildCell, versionCell } from './build-cells.ts'

test('which version is read is told where it is another than that of the code', () => {
  expect(versionCell({ version: 1 })).toBe('1')
  expect(versionCell({ version: 1, readVersion: 2 })).toBe('1, and 2 is read')
})

test('a build that is to be read is told, and by how many it is made', () => {
  expect(buildCell({ build: 1 })).toBe('1')
  const next = { build: 2, version: 3 }
  const cells = [0, 1, 2].map((members) => buildCell({ build: 1, next: { ...next, members } }))
  expect(cells).toEqual([
    '1, then 2 of version 3 by nobody',
    '1, then 2 of version 3 by 1 member',
    '1, then 2 of version 3 by 2 members',
  ])
})
