// Compiled, never run: each expected error is an error that a developer must get.
import { actor, open } from 'aether'
import { memory } from 'aether/memory'
import * as z from 'zod'

const Order = actor('order', {
  state: { open: true },
  events: { Cancelled: z.object({ reason: z.string() }), Paid: z.object({}) },
  evolve: { Cancelled: () => ({ open: false }), Paid: (s) => s },
  commands: {
    cancel: {
      input: z.object({ reason: z.string() }),
      decide: (_s, { reason }, on) => on.Cancelled({ reason }),
    },
    pay: { decide: (_s, _c, on) => on.Paid({}) },
  },
  queries: { isOpen: { answer: (s) => s.open } },
})

export async function reminders(): Promise<void> {
  await using node = await open({ backend: memory(), actors: [Order] })
  const order = node.get(Order, 'o1')

  const id: string = await node.tell(order, 'cancel', { reason: 'unpaid' })
  await node.tell(order, 'cancel', { reason: 'unpaid' }, { commandId: id })
  await node.tell(order, 'pay')
  await node.tell(order, 'pay', undefined, { metadata: { userId: 'u' } })
  await node.tell('order-o1', 'anything', { at: 'all' })
  // @ts-expect-error no such command
  await node.tell(order, 'dance')
  // @ts-expect-error a query is not told
  await node.tell(order, 'isOpen')
  // @ts-expect-error the input is missing
  await node.tell(order, 'cancel')
  // @ts-expect-error the input is wrong
  await node.tell(order, 'cancel', { reason: 5 })

  await node.schedule(order, 'cancel', { reason: 'unpaid' }, { name: 'unpaid', afterMs: 900_000 })
  await node.schedule(order, 'pay', undefined, { name: 'p', at: new Date(900_000), everyMs: 1_000 })
  await node.schedule('order-o1', 'anything', { at: 'all' }, { name: 'x', afterMs: 0 })
  // @ts-expect-error the input is wrong
  await node.schedule(order, 'cancel', {}, { name: 'x', afterMs: 1 })
  // @ts-expect-error it has no name
  await node.schedule(order, 'pay', undefined, { afterMs: 1 })

  const cancelled: boolean = await node.unschedule(order, 'unpaid')
  const [next] = await node.reminders(order)
  const failed: string | undefined = cancelled ? undefined : next?.lastError
  await node.reminders('order-o1')
  void failed
}
