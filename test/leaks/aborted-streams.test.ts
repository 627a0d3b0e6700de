import { open } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { EventSource } from '../http/event-source.ts'
import { Thing } from '../http/thing.ts'
import { type WatchedSubscriptions, watched } from '../http/watched-subscriptions.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'
import { processUsage, usedMegabytes } from './process-usage.ts'

/** A stream that holds on to a kilobyte would add two. */
const mostGrowthMegabytes = 3

/** Timers and pipes of the test runner come and go meanwhile. */
const mostOthers = 3

test('2,000 streams that are left leave nothing open', async () => {
  const seen: WatchedSubscriptions = { open: 0, given: 0 }
  await using node = await open({ backend: watched(memory(), seen), actors: [Thing] })
  await using server = await serve(node, { port: 0, heartbeatMs: 2 })
  for (const value of ['x', 'y', 'z']) await node.get(Thing, 'a').keep(value)
  const random = new SeededRandom(1)
  const leave = async (): Promise<void> => {
    using stream = await EventSource.open(server.url, '/events/stream')
    await until(() => stream.messages.length >= random.below(4), { description: 'a few came' })
    if (random.chance(0.3))
      await until(() => stream.comments > 0, { description: 'nothing came any more' })
  }
  const leaveMany = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 20)
      await Promise.all(Array.from({ length: 20 }, leave))
    await until(() => seen.open === 0, { description: 'all have ended' })
  }
  await leaveMany(200)
  const before = processUsage()
  const megabytes = usedMegabytes()
  await leaveMany(2_000)
  await until(
    () => [...processUsage()].every(([kind, n]) => n <= (before.get(kind) ?? 0) + mostOthers),
    { description: 'as much is open as before' },
  )
  expect(usedMegabytes() - megabytes).toBeLessThan(mostGrowthMegabytes)
})
