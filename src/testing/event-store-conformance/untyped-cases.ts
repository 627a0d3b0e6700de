import assert from 'node:assert/strict'
import type { ActorId, NewEvent } from '../../core/index.ts'
import type { AppendOptions, LogFilter, VersionedEvent } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects } from './append-cases.ts'
import { collect, type EventStoreSubject, happened } from './subject.ts'

const alice: ActorId = 'account-alice'

/** What a compiler refuses, and callers without one give. */
export const untypedCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'what is no list of events is refused, and an append without options',
    async run({ open }) {
      await using store = await open()
      const [isNew, event] = [{ expectedVersion: 0 }, happened('A')]
      for (const wrong of [undefined, null, 7, 'A', event, [null], [event, 7]]) {
        const events = wrong as unknown as NewEvent[]
        await rejects('invalid-argument', store.append(alice, events, isNew))
        await rejects('invalid-argument', store.commit([{ actorId: alice, events, ...isNew }]))
      }
      await rejects('invalid-argument', store.save(alice, null as unknown as VersionedEvent))
      const nothing = undefined as unknown as AppendOptions
      await rejects('invalid-argument', store.append(alice, [event], nothing))
      assert.equal(await store.latestVersion(alice), 0)
    },
  },
  {
    name: 'a filter with a condition that there is not is refused, as it would let everything through',
    async run({ open }) {
      await using store = await open()
      const misspelled = { actorType: ['account'] }
      for (const wrong of [misspelled, { actorTypes: 'account' }, { eventTypes: [7] }]) {
        const filter = wrong as unknown as LogFilter
        await rejects('invalid-argument', collect(store.readAll({ filter })))
        assert.throws(() => store.subscribe({ filter }), { code: 'invalid-argument' })
      }
    },
  },
]
