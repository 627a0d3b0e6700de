import { AssertionError } from 'node:assert/strict'
import { policy } from 'aether'
import { whenever } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Order, ReserveStock, Stock } from '../policies/shop.ts'

const lines = [
  { product: 'lamp', count: 2 },
  { product: 'shade', count: 1 },
]

const shop = whenever(ReserveStock, { actors: [Stock] })
const placed = () => shop.event(Order, 'o', (on) => on.Placed({ lines }))

/** Does one of everything that a handler can do. */
const Busy = policy({
  name: 'busy',
  actors: [Order],
  on: {
    Seen: async (_event, { get, tell, schedule, unschedule, transact }) => {
      await get(Stock, 'a').fill({ count: 1 })
      await get(Stock, 'b').empty()
      await tell(get(Stock, 'a'), 'empty')
      await schedule(get(Stock, 'a'), 'fill', { count: 2 }, { name: 'later', afterMs: 60_000 })
      await unschedule(get(Stock, 'a'), 'later')
      await transact([get(Stock, 'a'), get(Stock, 'b')], ([a]) => a.on.Filled({ count: 3 }))
    },
  },
})

/** What an expectation that isn't met throws. */
async function failureOf(check: () => unknown): Promise<AssertionError> {
  try {
    await check()
  } catch (error) {
    if (error instanceof AssertionError) return error
    throw error
  }
  throw new Error('it was met')
}

describe('what a policy does about an event', () => {
  test('is told with whom, what and when, in its order', async () => {
    const reacted = await whenever(Busy, { actors: [Stock] }).event(Order, 'o', (on) => on.Seen({}))
    reacted.thenDoes((it) => [
      it.get(Stock, 'a').fill({ count: 1 }),
      it.get(Stock, 'b').empty(),
      it.tell(it.get(Stock, 'a'), 'empty'),
      it.schedule(it.get(Stock, 'a'), 'fill', { count: 2 }, { afterMs: 60_000, name: 'later' }),
      it.unschedule(it.get(Stock, 'a'), 'later'),
      it.transact([it.get(Stock, 'a'), it.get(Stock, 'b')]),
    ])
    await reacted.thenSameAgain()
    expect(new Set(reacted.steps.map(({ commandId }) => commandId)).size).toBe(6)
  })

  test('has ids that follow from the event, and says what it follows from', async () => {
    const metadata = { userId: 'u', correlationId: 'c' }
    const reacted = await shop.event(Order, 'o', (on) => on.Placed({ lines }), { metadata })
    const { event, steps } = reacted
    for (const step of steps) {
      expect(step.commandId).toMatch(/^reserve-stock:[0-9a-f]{32}$/)
      expect(step.metadata).toMatchObject({ ...metadata, causationId: event.id })
    }
    const other = await shop.event(Order, 'other', (on) => on.Placed({ lines }))
    expect(other.steps[0]?.commandId).not.toBe(steps[0]?.commandId)
  })

  test('rests on what was given', async () => {
    const reacted = await shop
      .given(Stock, 'lamp', (on) => on.Emptied({}))
      .given(Stock, 'lamp', (on) => [on.Filled({ count: 1 })])
      .given(Order, 'o', (on) => on.Seen({}))
      .event(Order, 'o', (on) => on.Placed({ lines }))
    expect(reacted.event.version).toBe(2)
    reacted
      .thenHeldBack()
      .thenHeldBack('out-of-stock')
      .thenHeldBack('command-rejected')
      .thenDoes((it) => it.get(Stock, 'lamp').reserve({ order: 'o', count: 2 }))
    await reacted.thenSameAgain()
  })

  test('may be nothing', async () => {
    const reacted = await shop.event(Order, 'o', (on) => on.Placed({ lines: [] }))
    reacted.thenNothing()
    await reacted.thenSameAgain()
  })

  test('asks what is outside under the key of the event', async () => {
    const asked: string[] = []
    const Charging = policy({
      name: 'charging',
      actors: [Order],
      on: { Paid: (_event, { idempotencyKey }) => void asked.push(idempotencyKey) },
    })
    const reacted = await whenever(Charging).event(Order, 'o', (on) => on.Paid({ cents: 5 }))
    await reacted.thenSameAgain()
    expect(asked).toEqual([reacted.idempotencyKey, reacted.idempotencyKey])
  })
})

describe('an expectation that is not met', () => {
  test('shows what was done and what was not', async () => {
    const reacted = await placed()
    const error = await failureOf(() =>
      reacted.thenDoes((it) => [
        it.get(Stock, 'lamp').reserve({ order: 'o', count: 2 }),
        it.get(Stock, 'shade').reserve({ order: 'o', count: 2 }),
      ]),
    )
    expect(error.message)
      .toBe(`reserve-stock: Placed ${JSON.stringify({ lines })} of order-o: it did something else (- expected, + actual)

  send stock-lamp reserve {"count":2,"order":"o"}
- send stock-shade reserve {"count":2,"order":"o"}
+ send stock-shade reserve {"count":1,"order":"o"}`)
  })

  test('of nothing, of what was not to fail, and of another failure', async () => {
    const { message } = await failureOf(async () => (await placed()).thenNothing())
    expect(message).toContain('- (nothing)\n+ send stock-lamp')
    const short = await shop
      .given(Stock, 'lamp', (on) => on.Emptied({}))
      .event(Order, 'o', (on) => on.Placed({ lines }))
    const failure = await failureOf(() =>
      short.thenDoes((it) => it.get(Stock, 'lamp').reserve({ order: 'o', count: 2 })),
    )
    expect(failure.message).toContain('+ threw out-of-stock')
    expect(failure.cause).toMatchObject({ code: 'command-rejected' })
    const other = await failureOf(() => short.thenHeldBack('not-reserved'))
    expect(other.message).toContain('- threw not-reserved\n+ threw out-of-stock')
    const none = await failureOf(async () => (await placed()).thenHeldBack())
    expect(none.message).toContain('+ (threw nothing)')
  })

  test('of an actor that was not named says how', async () => {
    const unnamed = await whenever(ReserveStock).event(Order, 'o', (on) => on.Placed({ lines }))
    const { message } = await failureOf(() => unnamed.thenNothing())
    expect(message).toContain('threw unknown-actor-type')
    expect(message).toContain('whenever(policy, { actors: [Stock] })')
  })

  test('of a handler that does something else when it is called again', async () => {
    let calls = 0
    const Fickle = policy({
      name: 'fickle',
      actors: [Order],
      on: {
        Seen: async (_event, { get }) => {
          await get(Stock, 'a').fill({ count: ++calls })
        },
      },
    })
    const reacted = await whenever(Fickle, { actors: [Stock] }).event(Order, 'o', (on) =>
      on.Seen({}),
    )
    const { message } = await failureOf(() => reacted.thenSameAgain())
    expect(message).toContain('handled again, it did something else')
    expect(message).toMatch(/\+ send stock-a fill {"count":2} by fickle:[0-9a-f]{32}/)
    expect(message).toContain('+ threw id-reused')
  })
})

test('an event that the policy does not handle, or that is none, is an error of the test', async () => {
  await expect(shop.event(Order, 'o', (on) => on.Seen({}))).rejects.toThrow(
    'reserve-stock has no handler for Seen of order',
  )
  await expect(
    shop.event(Order, 'o', (on) => on.Placed({ lines: [{ product: 'x', count: 0 }] })),
  ).rejects.toMatchObject({ code: 'invalid-event' })
})
