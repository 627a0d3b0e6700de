import { afterAll, beforeAll, describe, test } from 'vitest'
import { openEventBus } from '../../src/bus/index.ts'
import type { Backend } from '../../src/store/index.ts'
import { eventBusConformance, type EventBusSubject } from '../../src/testing/index.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'

describe.each(backendKinds)('bus: $name', ({ name: kind, start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  for (const { name, run } of eventBusConformance) {
    test(name, () => run(subjectOf(source.fresh(), kind.startsWith('JetStream'))))
  }
})

function subjectOf(backend: Backend, isShared: boolean): EventBusSubject {
  return {
    isShared,
    async open(options = {}) {
      const { logger } = options
      const store = await backend.openStore(logger && { logger })
      const bus = openEventBus(store, options)
      return {
        store,
        bus,
        async [Symbol.asyncDispose]() {
          await bus.close()
          await store.close()
        },
      }
    },
  }
}
