import { actor, open, policy } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'

const leases = { leaseMs: 300, renewMs: 50 }

const Order = actor('order', {
  state: {},
  events: { Placed: z.object({}) },
  evolve: { Placed: (s) => s },
  commands: { place: { decide: (_s, _c, on) => on.Placed({}) } },
})

/** Keeps this process from doing anything, as a machine does that has too much to do. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('what was given up in a stall, and stays its own after all, is handled again', async () => {
  let calls = 0
  let handled = 0
  const waiting = policy({
    name: 'waiting',
    actors: [Order],
    on: {
      Placed: async (_event, { signal }) => {
        if (++calls === 1) {
          const aborted = Promise.withResolvers<void>()
          signal.addEventListener('abort', () => aborted.resolve())
          await aborted.promise
          throw signal.reason
        }
        handled++
      },
    },
  })
  const backend = memory()
  await using node = await open({ backend, actors: [Order], policies: [waiting], leases })
  const { position } = await node.get(Order, 'a').place()
  await until(() => calls === 1, { description: 'it is being handled' })
  stall(4 * leases.leaseMs)
  await node.projection(waiting).reached(position, { timeoutMs: 20_000 })
  expect(handled).toBe(1)
})
