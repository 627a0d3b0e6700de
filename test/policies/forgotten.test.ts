import { open, policy, type PolicyContext } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { until } from '../support/until.ts'
import { Order, Stock } from './shop.ts'

/** What nobody caught: such ends a process. */
function uncaught(): readonly unknown[] {
  const causes: unknown[] = []
  const note = (cause: unknown): void => void causes.push(cause)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return causes
}

/** Does this about each order that is paid. */
async function shopThat(react: (ctx: PolicyContext, key: string) => unknown) {
  const reacting = policy({
    name: 'reacting',
    actors: [Order],
    retries: 0,
    on: { Paid: ({ key }, ctx) => react(ctx, key) },
  })
  const logger = new Logbook()
  const node = await open({
    ...{ backend: memory(), actors: [Order, Stock], policies: [reacting], logger },
  })
  onTestFinished(() => node.close())
  await node.get(Stock, 'lamp').empty()
  return {
    node,
    handle: node.projection(reacting),
    pay: async (key: string) => (await node.get(Order, key).pay({ cents: 1 })).position,
  }
}

const reserve = (ctx: PolicyContext, order: string): Promise<unknown> =>
  ctx.get(Stock, 'lamp').reserve({ order, count: 1 })

describe('a handler that forgets to wait', () => {
  test.each<[string, (ctx: PolicyContext, key: string) => unknown]>([
    ['send', (ctx, key) => void reserve(ctx, key)],
    ['a reference', (ctx, key) => void ctx.get(Stock, 'lamp').reserve({ order: key, count: 1 })],
    ['what follows', (ctx, key) => void reserve(ctx, key).then(() => 1)],
    ['transact', (ctx) => void ctx.transact([], () => [])],
    [
      'schedule',
      (ctx) =>
        void ctx.schedule(ctx.get(Stock, 'lamp'), 'empty', undefined, { name: '', afterMs: 1 }),
    ],
    [
      'one of two',
      async (ctx, key) => {
        void reserve(ctx, key)
        await ctx.get(Stock, 'chair').fill({ count: 1 })
        await new Promise((resolve) => setImmediate(resolve))
      },
    ],
  ])(
    'of %s: what is refused is the failure of the event, and of nothing else',
    async (_what, react) => {
      const causes = uncaught()
      const { handle, pay } = await shopThat(react)
      const position = await pay('o')
      expect(await handle.reached(position)).toEqual({ heldBack: ['order-o'] })
      await until(async () => (await handle.parked())[0]?.state === 'parked', {
        description: 'it is parked',
      })
      expect(causes).toEqual([])
    },
  )

  test('is done when all is done, and what comes then', async () => {
    const done: string[] = []
    const { handle, pay, node } = await shopThat((ctx, key) => {
      void ctx
        .get(Stock, 'chair')
        .fill({ count: 1 })
        .then(async () => {
          await ctx.get(Stock, 'table').fill({ count: 1 })
          done.push(key)
        })
    })
    expect(await handle.reached(await pay('o'))).toEqual({ heldBack: [] })
    expect(done).toEqual(['o'])
    expect(await node.get(Stock, 'table').left()).toBe(100_001)
  })
})

test.each<[string, (ctx: PolicyContext, key: string) => unknown]>([
  [
    'try',
    async (ctx, key) => {
      try {
        await reserve(ctx, key)
      } catch {
        await ctx.get(Stock, 'lamp').fill({ count: 1 })
      }
    },
  ],
  ['catch', (ctx, key) => void reserve(ctx, key).catch(() => 0)],
  ['then', (ctx, key) => reserve(ctx, key).then(undefined, () => 0)],
  ['allSettled', (ctx, key) => Promise.allSettled([reserve(ctx, key)])],
  ['race', (ctx, key) => Promise.race([Promise.resolve(1), reserve(ctx, key)])],
])('what a handler looks at itself, by %s, is no failure', async (_what, react) => {
  const causes = uncaught()
  const { handle, pay } = await shopThat(react)
  expect(await handle.reached(await pay('o'))).toEqual({ heldBack: [] })
  expect(causes).toEqual([])
})
