import { actor, open, policy } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { type Clock, systemClock } from '../../src/core/index.ts'
import { until } from '../support/until.ts'

/** So long that no machine stalls for it by itself, however much it has to do. */
const leases = { leaseMs: 60_000, renewMs: 50 }

const Order = actor('order', {
  state: {},
  events: { Placed: z.object({}) },
  evolve: { Placed: (s) => s },
  commands: { place: { decide: (_s, _c, on) => on.Placed({}) } },
})

/** The clock of a process that is kept from doing anything: time goes on, and its timers are late. */
class StallingClock implements Clock {
  #stalledMs = 0

  stall(ms: number): void {
    this.#stalledMs += ms
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * leases.renewMs)
  }

  now(): number {
    return systemClock.now() + this.#stalledMs
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#stalledMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal)
  }

  every(ms: number, task: () => void): Disposable {
    return systemClock.every(ms, task)
  }
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
  const clock = new StallingClock()
  const settings = { backend: memory(), actors: [Order], policies: [waiting] }
  await using node = await open({ ...settings, leases, clock })
  const { position } = await node.get(Order, 'a').place()
  await until(() => calls === 1, { description: 'it is being handled' })
  clock.stall(4 * leases.leaseMs)
  await node.projection(waiting).reached(position, { timeoutMs: 60_000 })
  expect([calls, handled]).toEqual([2, 1])
})
