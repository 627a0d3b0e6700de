// Compiled, never run: each expected error is an error that a developer must get.
import { actor, policy, type PolicyDefinition } from 'aether'
import * as z from 'zod'

const Order = actor('order', {
  state: { total: 0 },
  events: { Placed: z.object({ product: z.string() }), Paid: z.object({ cents: z.number() }) },
  evolve: { Placed: (s) => s, Paid: (s) => s },
  commands: {},
})

const Stock = actor('stock', {
  state: { left: 0 },
  events: { Reserved: z.object({ count: z.number() }), Closed: z.object({}) },
  evolve: { Reserved: (s) => s, Closed: (s) => s },
  commands: {
    reserve: {
      input: z.object({ count: z.number() }),
      decide: (_s, c, on) => on.Reserved(c),
      reply: (s) => s.left,
    },
    close: { decide: (_s, _c, on) => on.Closed({}) },
  },
  queries: { left: { answer: (s) => s.left } },
})

export const typed: PolicyDefinition = policy({
  name: 'typed',
  actors: [Order],
  on: {
    Placed: async (event, ctx) => {
      const product: string = event.data.product
      const { reply, state } = await ctx.get(Stock, product).reserve({ count: 1 })
      const left: number = reply + state.left
      await ctx.get(Stock, product).reserve({ count: left })
      await ctx.tell(ctx.get(Stock, product), 'close')
      await ctx.schedule(
        ctx.get(Stock, product),
        'reserve',
        { count: 1 },
        { name: 'r', afterMs: 1 },
      )
      await ctx.transact([ctx.get(Stock, 'a')], ([a]) => a.on.Reserved({ count: a.state.left }))
      await ctx.transact([ctx.get(Stock, 'a')], () => [], { name: 'reserve-all' })
      // @ts-expect-error the input is none of that command
      await ctx.get(Stock, product).reserve({ amount: 1 })
      // @ts-expect-error there is no such command
      await ctx.get(Stock, product).relocate({})
      // @ts-expect-error the id follows from the event
      await ctx.get(Stock, product).reserve({ count: 1 }, { commandId: 'mine' })
      // @ts-expect-error it needs a time
      await ctx.schedule(ctx.get(Stock, product), 'close', undefined, { name: 'r' })
      // @ts-expect-error it needs one time
      await ctx.schedule(ctx.get(Stock, product), 'close', undefined, {
        name: 'r',
        at: new Date(),
        afterMs: 1,
      })
      const time = product === '' ? { at: new Date(0) } : { everyMs: 5 }
      await ctx.schedule(ctx.get(Stock, product), 'close', undefined, { name: 'r', ...time })
      // @ts-expect-error it needs a name
      await ctx.schedule(ctx.get(Stock, product), 'close', undefined, { afterMs: 1 })
    },
    // @ts-expect-error a payment has cents
    Paid: (event) => event.data.product,
    // @ts-expect-error no actor of this policy has such an event
    Reserved: () => {},
  },
})
