import { expect, test } from 'vitest'
import { commitFailure } from './sqlite-failure.ts'

const failed = (errcode: number): Error => Object.assign(new Error('it failed'), { errcode })

test.each([
  ['SQLITE_IOERR_FSYNC', 1034],
  ['SQLITE_NOMEM', 7],
])('a COMMIT that fails with %s may be on the disk', (_name, code) => {
  expect(commitFailure('events.db', failed(code), 'look')).toMatchObject({
    code: 'outcome-unknown',
    message: 'events.db may or may not have been written (it failed): check its disk and look',
  })
})

test.each([
  ['SQLITE_BUSY', 5],
  ['SQLITE_FULL', 13],
  ['SQLITE_CONSTRAINT', 19],
])('a COMMIT that fails with %s is not', (_name, code) => {
  const thrown = failed(code)
  expect(commitFailure('events.db', thrown, 'look')).toBe(thrown)
})
