import { setImmediate as turn } from 'node:timers/promises'
import { actor, type Backend, type Node, open, type StoredEvent } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'

const hourMs = 3_600_000
const minuteMs = 60_000

/** A clock that can be set, as that of a machine: what waits on it goes by how time passes. */
class SettableClock extends VirtualClock {
  aheadMs = 0

  override now(): number {
    return super.now() + this.aheadMs
  }
}

/** What a command waits for. */
let warehouse = Promise.resolve()

const Order = actor('order', {
  state: {},
  events: { Ticked: z.object({ now: z.number() }) },
  evolve: { Ticked: (s) => s },
  commands: {
    tick: {
      prepare: async () => warehouse,
      decide: (_s, _c, on, { now }) => on.Ticked({ now: now }),
    },
  },
})

type Orders = Node<typeof Order>

async function opened(backend: Backend, clock: SettableClock): Promise<Orders> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const node = await open({ backend, actors: [Order], clock, logger })
  onTestFinished(() => node.close())
  return node
}

async function scene(): Promise<{ readonly node: Orders; readonly clock: SettableClock }> {
  const clock = new SettableClock()
  return { node: await opened(memory(), clock), clock }
}

function eventsOf(node: Orders): Promise<StoredEvent[]> {
  return Array.fromAsync(node.events.readAll())
}

/** When each tick was, from `start` on. */
async function ticks(node: Orders, start: number): Promise<number[]> {
  // Lets everything happen that would happen without time going on.
  for (let turns = 0; turns < 50; turns++) await turn()
  return (await eventsOf(node)).map(({ data }) => (data as { now: number }).now - start)
}

async function minutesPass(clock: SettableClock, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await clock.advance(minuteMs)
    for (let turns = 0; turns < 50; turns++) await turn()
  }
}

describe('a clock that is set', () => {
  test('back by an hour: what waits fires at its time by that clock, an hour later', async () => {
    const { node, clock } = await scene()
    const start = clock.now()
    await node.schedule('order-o1', 'tick', undefined, { name: 'r', afterMs: 10 * minuteMs })
    await minutesPass(clock, 5)
    clock.aheadMs = -hourMs
    await minutesPass(clock, 64)
    expect(await ticks(node, start)).toEqual([])
    await minutesPass(clock, 1)
    expect(await ticks(node, start)).toEqual([10 * minuteMs])
  })

  test('back by an hour: a repeating reminder is silent until the clock is where it was, and keeps its beat', async () => {
    const { node, clock } = await scene()
    const start = clock.now()
    await node.schedule('order-o1', 'tick', undefined, { name: 'r', everyMs: 10 * minuteMs })
    await minutesPass(clock, 20)
    clock.aheadMs = -hourMs
    await minutesPass(clock, 69)
    expect(await ticks(node, start)).toEqual([10, 20].map((minutes) => minutes * minuteMs))
    await minutesPass(clock, 11)
    expect(await ticks(node, start)).toEqual([10, 20, 30, 40].map((n) => n * minuteMs))
  })

  test('forward by an hour: what became due fires within a minute, and beats that were passed become one', async () => {
    const { node, clock } = await scene()
    const start = clock.now()
    await node.schedule('order-o1', 'tick', undefined, { name: 'r', everyMs: 10 * minuteMs })
    await minutesPass(clock, 10)
    clock.aheadMs = hourMs
    await minutesPass(clock, 10)
    const times = (await ticks(node, start)).map((ms) => Math.ceil(ms / minuteMs))
    expect(times).toEqual([10, 71, 80])
  })

  test('forward by an hour while a command is under way: its lease is over, and it is executed once', async () => {
    const { node, clock } = await scene()
    const { promise, resolve } = Promise.withResolvers<void>()
    onTestFinished(() => resolve())
    warehouse = promise
    await node.tell('order-o1', 'tick', undefined)
    await ticks(node, 0)
    clock.aheadMs = hourMs
    // Whoever asks for something else has it looked for what is due.
    await node.tell('order-o2', 'tick', undefined)
    await ticks(node, 0)
    resolve()
    await until(async () => (await node.reminders()).length === 0, {
      description: 'nothing waits any more',
    })
    const actors = (await eventsOf(node)).map(({ actorId }) => actorId)
    expect(actors.toSorted()).toEqual(['order-o1', 'order-o2'])
  })
})

test('a node whose clock is ahead delivers by its clock, and no other does it again', async () => {
  const backend = memory()
  const clock = new SettableClock()
  const fast = new (class extends SettableClock {
    override now(): number {
      return clock.now() + 5 * minuteMs
    }
  })()
  const node = await opened(backend, clock)
  const start = clock.now()
  const ahead = await opened(backend, fast)
  await node.schedule('order-o1', 'tick', undefined, { name: 'r', afterMs: 10 * minuteMs })
  for (let minute = 0; minute < 15; minute++) {
    await minutesPass(clock, 1)
    await minutesPass(fast, 1)
    const late = await ticks(ahead, start)
    expect(late).toEqual(minute < 4 ? [] : [10 * minuteMs])
  }
})
