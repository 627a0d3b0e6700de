import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { sqlite } from '../index.ts'
import { openBeside } from './side-connection.ts'

/** As `PRAGMA synchronous` says it. */
const [notSynced, synced] = [1, 2]

test('a write that need not outlive a power cut is not synced, unless it shares a transaction with one that must', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await (await sqlite(file).openStore()).close()
  const [connection, look] = await openBeside(file, 1_000, (db, opened) => {
    const pragma = db.prepare('PRAGMA synchronous')
    return [opened, () => pragma.get()?.['synchronous']] as const
  })
  assert.equal(await connection.write(look), synced)
  assert.equal(await connection.write(look, 'process'), notSynced)
  assert.equal(await connection.write(look, 'process'), notSynced)
  assert.equal(await connection.write(look), synced)
  const together = [connection.write(look, 'process'), connection.write(look)]
  assert.deepEqual(await Promise.all(together), [synced, synced])
  await connection.close()
})

test('what comes while it closes is refused, and what came before is written', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await (await sqlite(file).openStore()).close()
  const connection = await openBeside(file, 1_000, (_db, opened) => opened)
  const before = connection.write(() => 'written')
  const closing = connection.close()
  const late = before.then(() => connection.write(() => 'late'))
  await assert.rejects(late, { code: 'closed' })
  assert.equal(await before, 'written')
  await closing
})
