import { setImmediate } from 'node:timers/promises'
import { actor, open } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { expect, test } from 'vitest'
import * as z from 'zod'

test('who decides behind one that blocked the process is told the time after it, as its event is', async () => {
  const clock = new VirtualClock(0)
  const Sleeper = actor('sleeper', {
    state: {},
    events: { Slept: z.object({ since: z.number() }) },
    evolve: { Slept: (state) => state },
    commands: {
      sleep: {
        decide: (_state, _input, on, { now }) => {
          clock.block(5_000)
          return on.Slept({ since: now })
        },
      },
    },
  })
  await using node = await open({ backend: memory(), actors: [Sleeper], clock })
  const sleepers = ['a', 'b', 'c'].map((key) => node.get(Sleeper, key))
  const sleepAll = () => Promise.all(sleepers.map((sleeper) => sleeper.sleep()))
  // Now they are known, and rest, so that all decide in one turn.
  await sleepAll()
  await setImmediate()
  const asleep = await sleepAll()
  const slept = asleep.flatMap(({ events }) => events)
  expect(slept.map(({ data }) => data.since)).toEqual([15_000, 20_000, 25_000])
  expect(slept.map(({ time }) => Date.parse(time))).toEqual([20_000, 25_000, 30_000])
})
