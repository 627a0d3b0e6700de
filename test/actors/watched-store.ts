import type { Backend, EventStore } from 'aether'
import { memory } from 'aether/memory'

/** The memory backend, with something done before it is asked for this. */
export function watchedStore(
  name: 'commit' | 'loadSnapshot',
  before: (first: unknown, store: EventStore) => Promise<void>,
): Backend {
  const backend = memory()
  return {
    name: backend.name,
    async openStore(options?: Parameters<typeof backend.openStore>[0]) {
      const store = await backend.openStore(options)
      return new Proxy(store, {
        get(target, asked) {
          const member: unknown = Reflect.get(target, asked)
          if (typeof member !== 'function') return member
          if (asked !== name) return member.bind(target) as unknown
          return async (...args: unknown[]): Promise<unknown> => {
            await before(args[0], store)
            return member.apply(target, args) as unknown
          }
        },
      })
    },
  }
}
