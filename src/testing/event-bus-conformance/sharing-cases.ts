import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventBusSubject, hear, type OpenedBus, settle, typesOf, until } from './subject.ts'

/** Who hears whom. */
export const sharingCases: readonly ConformanceCase<EventBusSubject>[] = [
  {
    name: 'each of those who hear each other hears each message once; others hear nothing',
    async run({ open, isShared }) {
      await using stack = new AsyncDisposableStack()
      const all: OpenedBus[] = []
      for (let count = 0; count < 3; count++) all.push(stack.use(await open()))
      const heard = all.map(({ bus }) => hear(bus))
      for (const one of all) for (const other of all) await settle(one, other)
      for (const [index, { bus }] of all.entries())
        for (let n = 0; n < 50; n++) bus.publish({ namespace: 'n', type: `${index}-${n}` })
      const expected = isShared ? 150 : 50
      await until(() => heard.every(({ length }) => length >= expected), 'all came')
      for (const { bus } of all) await bus.flush()
      for (const [hearer, messages] of heard.entries())
        for (const publisher of all.keys()) {
          const types = typesOf(messages).filter((type) => type.startsWith(`${publisher}-`))
          const isHeard = isShared || hearer === publisher
          const sent = Array.from({ length: isHeard ? 50 : 0 }, (_, n) => `${publisher}-${n}`)
          assert.deepEqual(types, sent)
        }
    },
  },
]
