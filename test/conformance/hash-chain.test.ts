import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyStore } from '../../src/store/index.ts'
import { agendaCases } from '../../src/testing/event-store-conformance/agenda-cases.ts'
import { tableCases } from '../../src/testing/event-store-conformance/table-cases.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'

/** The first compare the whole metadata, in which there is a hash now. */
const others: ReadonlySet<string> = new Set([
  'what is read is what the append answered, also after opening again',
  'what the caller changes after an append, or a reader in what was read, is not stored',
  // No event is in what is beside the log, and no hash.
  ...[...agendaCases, ...tableCases].map(({ name }) => name),
])

describe.each(backendKinds)('with a hash chain: $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  for (const { name, run } of eventStoreConformance.filter((each) => !others.has(each.name))) {
    test(name, async () => {
      const backend = source.fresh()
      await run({ open: (options) => backend.openStore({ ...options, hashChain: true }) })
      await using store = await backend.openStore()
      expect(await Array.fromAsync(verifyStore(store))).toEqual([])
      for await (const { metadata } of store.readAll()) expect(metadata.hash).toMatch(/^[\w-]{43}$/)
    })
  }
})
