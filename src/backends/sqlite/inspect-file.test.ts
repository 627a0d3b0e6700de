import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { inspectFile } from './inspect-file.ts'
import { sqlite } from './sqlite-backend.ts'

const opened = { type: 'Opened', data: {} }

test('a lock that another process has for a moment is waited for', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await (await sqlite(file).openStore()).close()
  const other = new DatabaseSync(file)
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
  const looking = inspectFile(file, 60_000)
  await new Promise(setImmediate)
  other.close()
  expect(await looking).toMatchObject({ events: 0 })
})

test('what is written ahead is found behind a symbolic link as well', async () => {
  await using folder = await temporaryFolder()
  const [file, link] = [join(folder.path, 'events.db'), join(folder.path, 'link.db')]
  await symlink(file, link)
  await using store = await sqlite(link).openStore()
  await store.append('account-a', [opened], { expectedVersion: 0 })
  const { writeAheadBytes } = await inspectFile(link, 1)
  expect(writeAheadBytes).toBeGreaterThan(0)
  expect(await inspectFile(file, 1)).toMatchObject({ writeAheadBytes })
})

test('what is no store is told by what it is', async () => {
  await using folder = await temporaryFolder()
  const path = (name: string): string => join(folder.path, name)
  await writeFile(path('empty.db'), '')
  await writeFile(path('text.db'), 'text')
  await mkdir(path('directory'))
  for (const [name, code, message] of [
    ['none.db', 'store-unavailable', `there is no file ${path('none.db')}`],
    ['empty.db', 'store-unavailable', 'is empty: no store was made in it yet'],
    ['text.db', 'incompatible-store', 'is not a SQLite database'],
    ['directory', 'incompatible-store', 'is a directory: choose a file in it'],
  ] as const)
    await expect(inspectFile(path(name), 1)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
})
