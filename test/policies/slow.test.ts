import { policy } from 'aether'
import { testNode, VirtualClock } from 'aether/testing'
import { expect, test } from 'vitest'
import { countsOf } from '../telemetry/values.ts'
import { Order } from './shop.ts'

test('a handler that does not end is told, once, and its policy is not live before it does', async () => {
  const answer = Promise.withResolvers<void>()
  const asking = policy({ name: 'asking', actors: [Order], on: { Seen: () => answer.promise } })
  const clock = new VirtualClock()
  await using home = await testNode({ actors: [Order], policies: [asking], clock })
  const { node, log } = home
  await node.get(Order, 'o').see()
  const told = () => log.entries.filter(({ message }) => message.includes('has been handling'))
  await clock.advance(59_000)
  expect(told()).toEqual([])
  expect(await node.readiness()).toEqual({ ready: true, reasons: [] })
  await clock.advance(600_000)
  expect(told()).toMatchObject([
    {
      level: 'warn',
      message: expect.stringMatching(
        /the policy asking has been handling Seen of order-o for 60 s/,
      ),
      fields: { kind: 'policy', name: 'asking', actorId: 'order-o', position: 1 },
    },
  ])
  const problem = expect.stringContaining('has been handling Seen of order-o for 6')
  expect(await node.projection(asking).status()).toMatchObject({ state: 'stuck' })
  const states = countsOf(await node.metrics(), 'aether.projection.state')
  expect(states).toEqual({ 'policy asking stuck': 1 })
  const reasons = [{ what: 'policy asking', problem }]
  expect(await node.readiness()).toEqual({ ready: false, reasons })
  answer.resolve()
  await clock.advance(1_000)
  await node.projection(asking).reached(1)
  expect(await node.projection(asking).status()).toMatchObject({ state: 'live' })
  expect(await node.readiness()).toEqual({ ready: true, reasons: [] })
})
