import { describe, test } from 'vitest'
import { memory } from '../../src/backends/memory/index.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'

describe('memory', () => {
  for (const { name, run } of eventStoreConformance) {
    test(name, async () => {
      const backend = memory()
      await run({ open: (options) => backend.openStore(options) })
    })
  }
})
