import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { sqlite } from '../sqlite-backend.ts'
import { openEventTable } from './open-event-table.ts'
import { settingsOf } from './sqlite-options.ts'

test('who follows the log is not woken by what others write beside it', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using others = await sqlite(file).openStore()
  const table = await openEventTable(file, settingsOf({}))
  const before = table.foreignWrites()
  const documents = await others.table('members')
  for (let n = 0; n < 5; n++) {
    await documents.put(`member/${n}`, 'alive', undefined)
    expect(table.foreignWrites()).toBe(before)
  }
  for (let version = 0; version < 3; version++) {
    const seen = table.foreignWrites()
    await others.append('order-1', [{ type: 'Placed', data: {} }], { expectedVersion: version })
    expect(table.foreignWrites()).not.toBe(seen)
    expect(table.foreignWrites()).toBe(table.foreignWrites())
  }
  table.close()
})
