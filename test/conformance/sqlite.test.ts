import { join } from 'node:path'
import { describe, test } from 'vitest'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('sqlite', () => {
  for (const { name, run } of eventStoreConformance) {
    test(name, async () => {
      await using folder = await temporaryFolder()
      const backend = sqlite(join(folder.path, 'events.db'))
      await run({ open: (options) => backend.openStore(options) })
    })
  }
})
