import { actor, type Logger, open, policy } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'

const Order = actor('order', {
  state: {},
  events: { Placed: z.object({}) },
  evolve: { Placed: (s) => s },
  commands: { place: { decide: (_s, _c, on) => on.Placed({}) } },
})

test('closing waits for a handler as long as it may, and then says that it goes without it', async () => {
  let calls = 0
  const Stuck = policy({
    name: 'stuck',
    actors: [Order],
    on: {
      Placed: async () => {
        calls++
        await new Promise(() => undefined)
      },
    },
  })
  const told: object[] = []
  const warn = (fields: object): void => void told.push(fields)
  const logger: Logger = { debug() {}, info() {}, warn, error: warn }
  const backend = memory()
  const settings = { backend, actors: [Order], policies: [Stuck], logger }
  const node = await open({ ...settings, closeTimeoutMs: 20 })
  await node.get(Order, 'a').place()
  await until(() => calls === 1, { description: 'it is being handled' })
  await node.close()
  expect(told).toEqual([{ closeTimeoutMs: 20 }])
  await expect(node.get(Order, 'a').place()).rejects.toMatchObject({ code: 'closed' })
})

test('a decision that was refused for its options keeps nobody from closing', async () => {
  const told: object[] = []
  const warn = (fields: object): void => void told.push(fields)
  const logger: Logger = { debug() {}, info() {}, warn, error: warn }
  const node = await open({ backend: memory(), actors: [Order], logger, closeTimeoutMs: 5_000 })
  const deciding = node.transact([node.get(Order, 'a')], () => [], { timeoutMs: 0 })
  await expect(deciding).rejects.toMatchObject({ code: 'invalid-argument' })
  await node.close()
  expect(told).toEqual([])
})

test.each([-1, 0.5, Infinity, 2 ** 31])(
  'closeTimeoutMs of %d is refused',
  async (closeTimeoutMs) => {
    const opening = open({ backend: memory(), actors: [Order], closeTimeoutMs })
    await expect(opening).rejects.toMatchObject({ code: 'invalid-argument' })
  },
)
