import { actor, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'

const Order = actor('order', {
  state: {},
  events: { Cancelled: z.object({}) },
  evolve: { Cancelled: () => ({}) },
  commands: { cancel: { decide: (_s, _c, on) => on.Cancelled({}) } },
})

describe.each(backendKinds)('listing reminders: $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  async function waiting(): Promise<Node<typeof Order>> {
    const node = await open({ backend: source.fresh(), actors: [Order] })
    onTestFinished(() => node.close())
    for (const [index, hour] of [5, 2, 9, 1, 7, 3, 8, 4, 6].entries()) {
      const options = { name: `${hour}`, afterMs: hour * 3_600_000 }
      await node.schedule(node.get(Order, `o-${index % 3}`), 'cancel', undefined, options)
    }
    return node
  }

  const namesOf = async (listed: ReturnType<Node['reminders']>): Promise<string> =>
    (await listed).map(({ name }) => name).join('')

  test('gives the next ones, as many as are wanted, in the order of their times', async () => {
    const node = await waiting()
    expect(await namesOf(node.reminders())).toBe('123456789')
    for (const limit of [1, 2, 4, 8, 9, 10, Infinity])
      expect(await namesOf(node.reminders(undefined, { limit }))).toBe('123456789'.slice(0, limit))
    expect(await namesOf(node.reminders('order-o-0'))).toBe('158')
    expect(await namesOf(node.reminders(node.get(Order, 'o-0'), { limit: 2 }))).toBe('15')
  })

  test('takes no limit that is none, and ends when it is told to', async () => {
    const node = await waiting()
    for (const limit of [0, -1, 1.5, Number.NaN])
      await expect(node.reminders(undefined, { limit })).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(`limit must be a whole number from 1, not ${limit}`),
      })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(node.reminders(undefined, { signal })).rejects.toThrow('enough')
  })
})

test('a thousand are given unless more are wanted', async () => {
  await using node = await open({ backend: memory(), actors: [Order] })
  for (let count = 0; count < 1_002; count++) {
    const options = { name: `${count}`, afterMs: 3_600_000 + count }
    await node.schedule('order-o', 'cancel', undefined, options)
  }
  expect(await node.reminders()).toHaveLength(1_000)
  expect(await node.reminders('order-o', { limit: 2_000 })).toHaveLength(1_002)
})

test.each([
  { deliveries: Infinity },
  { deliveries: 100_001 },
  { deliveryLeaseMs: Infinity },
  { deliveryLeaseMs: 86_400_001 },
])('a limit of deliveries that no backend keeps is refused: %o', async (limits) => {
  await expect(open({ backend: memory(), actors: [Order], limits })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringMatching(
      /^the limit deliver\w+ must be a whole number from \d to \d+, not/,
    ),
  })
})
