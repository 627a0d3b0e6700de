import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventStoreSubject, happened } from './subject.ts'

export const identityCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'the log has one identity for all who open it, also after opening again, or none',
    async run(subject) {
      const stores = await Promise.all([1, 2, 3].map(() => subject.open()))
      const [first] = stores
      const identity = first?.identity
      if (identity) assert.ok(identity.id !== '' && identity.name !== '')
      for (const store of stores) assert.deepEqual(store.identity, identity)
      await first?.append('account-alice', [happened('Opened')], { expectedVersion: 0 })
      for (const store of stores) await store.close()
      await using again = await subject.open()
      assert.deepEqual(again.identity, identity)
    },
  },
]
