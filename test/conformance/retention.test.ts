import { afterAll, beforeAll, describe, test } from 'vitest'
import { retentionConformance } from '../../src/testing/index.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'

describe.each(backendKinds)('with retention: $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  for (const { name, run } of retentionConformance) {
    test(name, async () => {
      const backend = source.fresh({ retention: { keepForMs: 3_600_000 } })
      await run({ open: (options) => backend.openStore(options) })
    })
  }
})
