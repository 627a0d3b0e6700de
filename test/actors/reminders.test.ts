import { setImmediate as turn } from 'node:timers/promises'
import {
  actor,
  type Backend,
  type IdSource,
  type Logger,
  type Node,
  open,
  type OpenOptions,
  type StoredEvent,
} from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'
import { failing, Order } from './order.ts'

/** Knows how many are to be called again and again. */
class CountingClock extends VirtualClock {
  tasks = 0

  override every(ms: number, task: () => void): Disposable {
    const ticking = super.every(ms, task)
    this.tasks++
    return {
      [Symbol.dispose]: () => {
        this.tasks--
        ticking[Symbol.dispose]()
      },
    }
  }
}

type OrderNode = Node<typeof Order>

interface Scene {
  readonly node: OrderNode
  readonly clock: CountingClock
  readonly log: string[]
}

beforeEach(() => (failing.times = 0))

async function scene(given: Partial<OpenOptions<typeof Order>> = {}): Promise<Scene> {
  const clock = new CountingClock()
  const log: string[] = []
  const note = (_: object, message: string): void => void log.push(message)
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  let made = 0
  const ids: IdSource = () => `id-${made++}`
  const node = await open({ backend: memory(), actors: [Order], clock, logger, ids, ...given })
  onTestFinished(() => node.close())
  return { node, clock, log }
}

function eventsOf(node: OrderNode): Promise<StoredEvent[]> {
  return Array.fromAsync(node.events.readAll())
}

function happened(node: OrderNode, count: number): Promise<StoredEvent[]> {
  return until(async () => (await eventsOf(node)).length >= count && eventsOf(node), {
    description: `${count} events happened`,
  })
}

function settled({ node }: Scene): Promise<boolean> {
  return until(async () => (await node.reminders()).length === 0, {
    description: 'nothing waits any more',
  })
}

/** Lets everything happen that would happen without time going on. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await turn()
}

describe('a message', () => {
  test('is executed once, and its events say where they come from', async () => {
    const { node } = await scene()
    const order = node.get(Order, 'o1')
    const metadata = { correlationId: 'c1', traceparent: 't1' }
    const id = await node.tell(order, 'cancel', { reason: 'unpaid' }, { metadata })
    const [event] = await happened(node, 1)
    expect(event).toMatchObject({
      actorId: 'order-o1',
      type: 'Cancelled',
      data: { reason: 'unpaid' },
      metadata: { ...metadata, causationId: id, commandId: `tell:${id}` },
    })
    await until(async () => (await node.reminders()).length === 0, { description: 'it is done' })
  })

  test('with a command id is that command, however often it is told or sent', async () => {
    const { node } = await scene()
    const order = node.get(Order, 'o1')
    for (let times = 0; times < 3; times++)
      expect(await node.tell(order, 'tick', undefined, { commandId: 'c' })).toBe('c')
    await happened(node, 1)
    await node.tell(order, 'tick', undefined, { commandId: 'c' })
    expect((await order.tick(undefined, { commandId: 'c' })).version).toBe(1)
    await until(async () => (await node.reminders()).length === 0, { description: 'it is done' })
    expect(await eventsOf(node)).toHaveLength(1)
  })

  test('that waits under a command id refuses another under the same', async () => {
    const { node } = await scene({ limits: { deliveries: 0 } })
    const order = node.get(Order, 'o1')
    const options = { commandId: 'c' }
    await node.tell(order, 'cancel', { reason: 'a' }, options)
    await node.tell(order, 'cancel', { reason: 'a' }, options)
    await expect(node.tell(order, 'cancel', { reason: 'b' }, options)).rejects.toMatchObject({
      code: 'id-reused',
    })
    expect(await node.reminders()).toHaveLength(1)
  })

  test('is taken back by its id, and no reminder of that name with it', async () => {
    const { node } = await scene({ limits: { deliveries: 0 } })
    const order = node.get(Order, 'o1')
    const name = await node.tell(order, 'cancel', { reason: 'by mistake' })
    await node.schedule(order, 'tick', undefined, { name, afterMs: 1 })
    for (const isThere of [true, false])
      expect(await node.unschedule(order, name, { kind: 'message' })).toBe(isThere)
    expect(await node.reminders()).toMatchObject([{ kind: 'reminder', name }])
    const note = { kind: 'note' as 'message' }
    await expect(node.unschedule(order, name, note)).rejects.toThrow(
      'kind must be message or reminder, not "note"',
    )
  })

  test('is refused at once where it could never be delivered', async () => {
    const { node } = await scene()
    const wrong = { reason: 5 } as unknown as { reason: string }
    const order = node.get(Order, 'o1')
    const told = [
      [node.tell(order, 'cancel', wrong), 'invalid-input'],
      [node.tell('order-o1', 'dance', {}), 'unknown-command'],
      [node.tell('parcel-p1', 'send', {}), 'unknown-actor-type'],
      [node.tell('order-o1', 'cancel', { reason: 'a', extra: Number.NaN }), 'invalid-json'],
      [node.tell(order, 'tick', undefined, { commandId: '' }), 'invalid-argument'],
      [node.tell(order, 'tick', undefined, { commandId: 'x'.repeat(201) }), 'invalid-argument'],
      [
        node.tell(order, 'tick', undefined, { metadata: { a: 1 as unknown as string } }),
        'invalid-argument',
      ],
      // @ts-expect-error it needs a time
      [node.schedule(order, 'tick', undefined, { name: 'r' }), 'invalid-argument'],
      [node.schedule(order, 'tick', undefined, { name: '', afterMs: 1 }), 'invalid-argument'],
      [node.schedule(order, 'tick', undefined, { name: 'r', afterMs: -1 }), 'invalid-argument'],
      [node.schedule(order, 'tick', undefined, { name: 'r', everyMs: 0 }), 'invalid-argument'],
      [
        node.schedule(order, 'tick', undefined, { name: 'r', at: new Date('x') }),
        'invalid-argument',
      ],
      [
        node.schedule(order, 'tick', undefined, { name: 'r', at: new Date(Date.UTC(10_000, 0)) }),
        'invalid-argument',
      ],
      [
        // @ts-expect-error it needs one time
        node.schedule(order, 'tick', undefined, { name: 'r', at: new Date(), afterMs: 1 }),
        'invalid-argument',
      ],
      [node.schedule(order, 'tick', undefined, { name: 'r', afterMs: 9e15 }), 'invalid-argument'],
      [node.schedule(order, 'tick', undefined, { name: 'r', everyMs: 9e15 }), 'invalid-argument'],
      [
        node.schedule(order, 'tick', undefined, { name: 'r', afterMs: 1, everyMs: 8.64e15 }),
        'invalid-argument',
      ],
      [
        node.schedule(order, 'tick', undefined, {
          name: 'r',
          afterMs: 1,
          commandId: 'x'.repeat(151),
        }),
        'invalid-argument',
      ],
    ] as const
    for (const [promise, code] of told) await expect(promise).rejects.toMatchObject({ code })
    expect(await node.reminders()).toEqual([])
  })

  test('that the actor refuses is done, and logged', async () => {
    const s = await scene()
    const order = s.node.get(Order, 'o1')
    await order.pay()
    const id = await s.node.tell(order, 'cancel', { reason: 'unpaid' })
    await settled(s)
    expect(s.log).toEqual([
      `the message ${id}, cancel of order-o1, was refused: order-o1 rejected cancel: already-paid`,
    ])
    expect(await eventsOf(s.node)).toHaveLength(1)
  })

  test('whose input the code takes no more waits for code that does', async () => {
    const clock = new CountingClock()
    const backend = memory()
    const told = async (input: z.ZodType, deliveries: number): Promise<Node> => {
      const Ticket = actor('ticket', {
        state: {},
        events: { Sold: z.object({}) },
        evolve: { Sold: (s) => s },
        commands: { sell: { input, decide: (_s, _c, on) => on.Sold({}) } },
      })
      const node = await open({ backend, actors: [Ticket], clock, limits: { deliveries } })
      onTestFinished(() => node.close())
      return node
    }
    const before = await told(z.object({}), 0)
    await before.tell('ticket-t1', 'sell', {})
    await before.close()
    const changed = await told(z.object({ seat: z.string() }), 32)
    await until(async () => (await changed.reminders())[0]?.attempts === 1, {
      description: 'its delivery failed',
    })
    expect(await changed.reminders()).toMatchObject([
      { lastError: expect.stringMatching(/^invalid-input: /) },
    ])
    await changed.close()
    const mended = await told(z.object({ seat: z.string().optional() }), 32)
    await clock.advance(1_000)
    await until(async () => (await mended.reminders()).length === 0, {
      description: 'it was delivered',
    })
    expect(await mended.events.latestVersion('ticket-t1')).toBe(1)
  })

  test('survives its sender, and is delivered by the next node', async () => {
    const backend = memory()
    const first = await scene({ backend, limits: { deliveries: 0 } })
    await first.node.tell(first.node.get(Order, 'o1'), 'tick')
    await first.node.close()
    const { node } = await scene({ backend })
    await happened(node, 1)
  })

  test('that fails is tried again after 1, 2, 4 … seconds, at most 5 minutes, and shows why', async () => {
    const s = await scene({ limits: { failuresInARow: 100 } })
    failing.times = 12
    await s.node.tell('order-o1', 'flaky', undefined)
    const pauses: number[] = []
    for (let attempts = 1; attempts <= 12; attempts++) {
      const [waiting] = await until(
        async () => {
          const list = await s.node.reminders()
          return list[0]?.attempts === attempts && list
        },
        { description: `attempt ${attempts} failed` },
      )
      expect(waiting?.lastError).toBe(
        'actor-failed: order-o1 failed in decide of flaky: the warehouse is closed',
      )
      const pauseMs = Date.parse(waiting?.due ?? '') - s.clock.now()
      pauses.push(pauseMs)
      await s.clock.advance(pauseMs - 1)
      await quiet()
      expect((await s.node.reminders())[0]?.attempts).toBe(attempts)
      await s.clock.advance(1)
    }
    expect(pauses.map((ms) => ms / 1_000)).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300,
    ])
    await happened(s.node, 1)
    await settled(s)
    expect(s.log).toHaveLength(12)
  })
})

describe('a reminder', () => {
  test('fires when its time has come, not before, and once', async () => {
    const s = await scene()
    const { node, clock } = s
    const order = node.get(Order, 'o1')
    const at = new Date(clock.now() + 900_000)
    const id = await node.schedule(order, 'cancel', { reason: 'unpaid' }, { name: 'unpaid', at })
    expect(await node.reminders(order)).toEqual([
      {
        id,
        actorId: 'order-o1',
        kind: 'reminder',
        name: 'unpaid',
        command: 'cancel',
        input: { reason: 'unpaid' },
        due: at.toISOString(),
        everyMs: undefined,
        attempts: 0,
        lastError: undefined,
      },
    ])
    await clock.advance(899_999)
    await quiet()
    expect(await eventsOf(node)).toEqual([])
    await clock.advance(1)
    const [event] = await happened(node, 1)
    expect(event?.metadata).toMatchObject({ causationId: id, commandId: `reminder:${id}:1` })
    await settled(s)
    await clock.advance(900_000)
    await quiet()
    expect(await eventsOf(node)).toHaveLength(1)
    expect(await node.unschedule(order, 'unpaid')).toBe(false)
  })

  test('is one a name: scheduling again replaces it, and unscheduling takes it away', async () => {
    const { node, clock } = await scene()
    const order = node.get(Order, 'o1')
    const remind = (name: string, afterMs: number): Promise<string> =>
      node.schedule(order, 'cancel', { reason: `${name} ${afterMs}` }, { name, afterMs })
    for (const [name, afterMs] of [
      ['a', 10],
      ['b', 10],
      ['c', 10],
      ['a', 20],
      ['b', 5],
    ] as const)
      await remind(name, afterMs)
    expect(await node.unschedule(order, 'c')).toBe(true)
    expect(await node.unschedule(order, 'c')).toBe(false)
    expect((await node.reminders()).map(({ name }) => name)).toEqual(['b', 'a'])
    for (let ms = 0; ms < 40; ms += 5) {
      await clock.advance(5)
      await quiet()
    }
    expect((await eventsOf(node)).map(({ data }) => data)).toEqual([
      { reason: 'b 5' },
      { reason: 'a 20' },
    ])
  })

  test('keeps its beat, also where it is late, and leaves out beats that nobody heard', async () => {
    const backend = memory()
    const { node, clock } = await scene({ backend })
    const order = node.get(Order, 'o1')
    const start = clock.now()
    const id = await node.schedule(order, 'tick', undefined, { name: 't', everyMs: 100 })
    const beats = async (count: number): Promise<unknown[]> => {
      const events = await happened(node, count)
      await quiet()
      return events.map(({ data }) => (data as { now: number }).now - start)
    }
    await clock.advance(100)
    expect(await beats(1)).toEqual([100])
    clock.block(130)
    await clock.advance(0)
    expect(await beats(2)).toEqual([100, 230])
    await clock.advance(69)
    await quiet()
    expect(await beats(2)).toEqual([100, 230])
    await clock.advance(1)
    expect(await beats(3)).toEqual([100, 230, 300])
    clock.block(1_000_050)
    await clock.advance(0)
    expect(await beats(4)).toEqual([100, 230, 300, 1_000_350])
    await clock.advance(50)
    expect(await beats(5)).toEqual([100, 230, 300, 1_000_350, 1_000_400])
    const ids = (await eventsOf(node)).map(({ metadata }) => metadata['commandId'])
    expect(ids).toEqual([1, 2, 3, 4, 5].map((n) => `reminder:${id}:${n}`))
    expect(await node.unschedule(order, 't')).toBe(true)
    await clock.advance(1_000)
    await quiet()
    expect(await eventsOf(node)).toHaveLength(5)
  })

  test('that repeats goes on after a refusal', async () => {
    const { node, clock, log } = await scene()
    const order = node.get(Order, 'o1')
    await order.pay()
    const options = { name: 't', afterMs: 0, everyMs: 1_000 }
    await node.schedule(order, 'cancel', { reason: 'r' }, options)
    await until(() => log.length === 1, { description: 'it was refused' })
    await quiet()
    await clock.advance(1_000)
    await until(() => log.length === 2, { description: 'it was refused again' })
    expect(await node.reminders()).toHaveLength(1)
  })

  test('scheduled again under its command id stays as it is, and is not executed twice', async () => {
    const s = await scene()
    const { node, clock } = s
    const order = node.get(Order, 'o1')
    const once = { name: 'once', afterMs: 100, commandId: 'mine' }
    expect(await node.schedule(order, 'tick', undefined, once)).toBe('mine')
    await clock.advance(50)
    await node.schedule(order, 'tick', undefined, once)
    await clock.advance(50)
    await happened(node, 1)
    await settled(s)
    await node.schedule(order, 'tick', undefined, once)
    await clock.advance(100)
    await settled(s)
    expect(await eventsOf(node)).toHaveLength(1)
  })

  test('fires in any node that can, and only there', async () => {
    const backend: Backend = memory()
    const clock = new CountingClock()
    const asking = await open({ backend, actors: [Order], clock, limits: { deliveries: 0 } })
    const others = await Promise.all([scene({ backend, clock }), scene({ backend, clock })])
    onTestFinished(() => asking.close())
    for (let n = 0; n < 20; n++)
      await asking.schedule(`order-o${n}`, 'tick', undefined, { name: 'r', afterMs: 10 })
    await clock.advance(10)
    await happened(asking, 20)
    await settled(others[0])
    expect(await eventsOf(asking)).toHaveLength(20)
  })

  test('needs no timer while nothing is scheduled', async () => {
    const { node, clock } = await scene({ limits: { idleMs: 1_000_000 } })
    const order = node.get(Order, 'o1')
    const before = clock.tasks
    await node.schedule(order, 'tick', undefined, { name: 'r', afterMs: 10 })
    await quiet()
    expect(clock.tasks).toBe(before + 1)
    await node.unschedule(order, 'r')
    await clock.advance(10)
    await quiet()
    expect(clock.tasks).toBe(before)
  })

  test('is waited for with its own timer alone, once all actors have gone', async () => {
    const { node, clock } = await scene({ limits: { idleMs: 1_000 } })
    const order = node.get(Order, 'o1')
    await order.tick()
    await node.schedule(order, 'tick', undefined, { name: 'r', afterMs: 1_000_000_000 })
    await quiet()
    await clock.advance(10_000)
    expect(node.liveActors).toBe(0)
    expect(clock.tasks).toBe(1)
    await order.tick()
    await clock.advance(10_000)
    expect([node.liveActors, clock.tasks]).toEqual([0, 1])
  })

  test('is late by a minute at most where the clock is set forward', async () => {
    const clock = new (class extends VirtualClock {
      aheadMs = 0
      override now(): number {
        return super.now() + this.aheadMs
      }
    })()
    await using node = await open({ backend: memory(), actors: [Order], clock })
    const options = { name: 'r', afterMs: 86_400_000 }
    await node.schedule(node.get(Order, 'o1'), 'tick', undefined, options)
    await quiet()
    await clock.advance(1_000)
    clock.aheadMs = 86_400_000
    await clock.advance(60_000)
    await happened(node, 1)
  })
})

test('closing waits for what is being delivered, and leaves the rest to others', async () => {
  const backend = memory()
  const { node } = await scene({ backend, limits: { deliveries: 1 } })
  for (let n = 0; n < 10; n++) await node.tell(`order-o${n}`, 'tick', undefined)
  await node.close()
  const other = await scene({ backend })
  await happened(other.node, 10)
  await settled(other)
  expect(await eventsOf(other.node)).toHaveLength(10)
  expect(other.log).toEqual([])
})

test('what cannot be read stays, is shown, and is logged', async () => {
  const { node, log } = await scene()
  const entry = { actorId: 'order-o1', kind: 'message', name: 'm', due: 5, text: '{' } as const
  await node.events.agenda?.put(entry, () => true)
  await until(() => log.length > 0, { description: 'it was logged' })
  expect(log[0]).toMatch(/^the message m of order-o1 can't be read/)
  expect(await node.reminders()).toMatchObject([
    { name: 'm', lastError: expect.stringContaining("can't be read") },
  ])
})
