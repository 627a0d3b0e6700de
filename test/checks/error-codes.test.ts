import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes, type ErrorCode } from '../../src/core/index.ts'
import { statusOf } from '../../src/http/index.ts'
import { repository } from './repository.ts'

test('docs/errors.md lists the error codes of the code', async () => {
  const page = await readFile(join(repository, 'docs/errors.md'), 'utf8')
  const listed = page
    .split('\n')
    .filter((line) => /^\| `[a-z-]+` /.test(line))
    .map(cellsOf)
  const actual = Object.entries(errorCodes).map(([code, { retryable, meaning }]) => [
    `\`${code}\``,
    retryable ? 'yes' : 'no',
    String(statusOf[code as ErrorCode]),
    meaning,
  ])
  expect(listed).toEqual(actual)
})

/** `| a | b |` is `['a', 'b']`. */
function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
