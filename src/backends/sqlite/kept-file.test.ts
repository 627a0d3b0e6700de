import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { sqlite } from './sqlite-backend.ts'

const happened = [{ type: 'Happened', data: {} }]
const gone = (how: string): object => ({
  code: 'store-unavailable',
  message: expect.stringContaining(`was ${how} while it was open`),
})

test('a file that was removed takes nothing more, and is fine once it is put back', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  await store.append('a-1', happened, { expectedVersion: 0 })
  await rename(file, `${file}-elsewhere`)
  const append = () => store.append('a-1', happened, { expectedVersion: 1 })
  await expect(append()).rejects.toMatchObject(gone('removed'))
  await expect(store.lastPosition()).rejects.toMatchObject(gone('removed'))
  await rename(`${file}-elsewhere`, file)
  expect(await append()).toMatchObject({ ok: true })
})

test('a file in the place of which another one is takes nothing more', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  for (const name of [file, `${file}-wal`, `${file}-shm`]) await rm(name)
  await using _other = await sqlite(file).openStore()
  await expect(store.append('a-1', happened, { expectedVersion: 0 })).rejects.toMatchObject(
    gone('replaced by another file'),
  )
})
