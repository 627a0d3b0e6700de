import { actor, type Backend, type Node, open, policy, type PolicyContext } from 'aether'
import { memory } from 'aether/memory'
import * as z from 'zod'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { encodeRecord } from '../../src/actors/reminders/reminder.ts'
import type { CommitLogEventStore } from '../../src/store/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'

const amount = z.object({ n: z.int() })

const Sale = actor('sale', {
  state: {},
  events: { Made: z.object({}) },
  evolve: { Made: (s) => s },
  commands: { make: { decide: (_s, _c, on) => on.Made({}) } },
})

/** Counts whatever it is told, again and again. */
const Purse = actor('purse', {
  state: { sum: 0, entries: 0 },
  events: { Put: amount },
  evolve: { Put: (s, { n }) => ({ sum: s.sum + n, entries: s.entries + 1 }) },
  commands: {
    put: { input: amount, decide: (_s, c, on) => on.Put(c) },
    /** Two events, of which the command is known as well. */
    putTwice: { input: amount, decide: (_s, c, on) => [on.Put(c), on.Put(c)] },
  },
})

/** More than the purse remembers. */
const others = 30
const limits = { rememberedCommands: 10, deliveryLeaseMs: 2_000 }
const worth = 1_000

/** Everybody else's business with the purse. */
async function forget(node: Node<typeof Purse>, key: string): Promise<void> {
  for (let each = 0; each < others; each++)
    await node.get(Purse, key).put({ n: 1 }, { commandId: `other-${each}` })
}

async function sumOf(node: Node<typeof Purse>, key = 'p'): Promise<number> {
  return (await node.state(node.get(Purse, key))).state.sum
}

const steps: readonly [string, (ctx: PolicyContext) => unknown, worth: number][] = [
  ['send', (ctx) => ctx.get(Purse, 'p').put({ n: worth }), worth],
  ['send of several events', (ctx) => ctx.get(Purse, 'p').putTwice({ n: worth }), 2 * worth],
  ['tell', (ctx) => ctx.tell(ctx.get(Purse, 'p'), 'put', { n: worth }), worth],
  [
    'schedule',
    (ctx) => ctx.schedule(ctx.get(Purse, 'p'), 'put', { n: worth }, { name: 'pay', afterMs: 1 }),
    worth,
  ],
  [
    'transact',
    (ctx) =>
      ctx.transact([ctx.get(Purse, 'p'), ctx.get(Purse, 'q')], ([p, q]) => [
        p.on.Put({ n: worth }),
        q.on.Put({ n: 0 }),
      ]),
    worth,
  ],
]

describe.each(backendKinds.filter(({ name }) => !name.includes('three')))('on $name', (kind) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await kind.start()
    return () => source[Symbol.asyncDispose]()
  })

  const opened = async (backend: Backend, react: (ctx: PolicyContext) => unknown) => {
    const paying = policy({
      name: 'paying',
      actors: [Sale],
      startAt: 'beginning',
      retries: 0,
      on: { Made: (_event, ctx) => react(ctx) },
    })
    const actors = [Sale, Purse]
    const options = { backend, actors, policies: [paying], limits, logger: new Logbook() }
    const node = await open(options)
    onTestFinished(() => node.close())
    return { node, paying: node.projection(paying) }
  }

  test.each(steps)(
    'a parked event takes effect once, by %s, however late it is tried again',
    async (...step) => {
      const [, react, effect] = step
      let isBroken = true
      const { node, paying } = await opened(source.fresh(), async (ctx) => {
        await react(ctx)
        if (isBroken) throw new Error('the post is closed')
      })
      await node.get(Sale, 's').make()
      await until(async () => (await paying.parked())[0]?.state === 'parked', {
        description: 'it is parked',
      })
      await until(async () => (await sumOf(node)) === effect, { description: 'it took effect' })
      for (const key of ['p', 'q']) await forget(node, key)
      isBroken = false
      await paying.retry('sale-s')
      await until(async () => (await paying.parked()).length === 0, { description: 'it is done' })
      // A message that was told again comes in its own time.
      await until(async () => (await node.reminders()).length === 0, {
        description: 'nothing waits',
      })
      expect(await sumOf(node)).toBe(effect + others)
    },
  )

  test('what was handled by somebody who ended before that was stored takes effect once', async () => {
    const backend = source.fresh()
    const first = await opened(backend, async (ctx) => {
      await ctx.get(Purse, 'p').put({ n: worth })
      await new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error))
      })
    })
    const { position } = await first.node.get(Sale, 's').make()
    await until(async () => (await sumOf(first.node)) === worth, { description: 'it took effect' })
    await forget(first.node, 'p')
    if (kind.name === 'memory') return
    await first.node.close()
    const next = await opened(backend, (ctx) => ctx.get(Purse, 'p').put({ n: worth }))
    await next.paying.reached(position)
    expect(await sumOf(next.node)).toBe(worth + others)
  })
})

test('a message that is handed out again is executed once, however much came between', async () => {
  await using node = await open({ backend: memory(), actors: [Purse], limits })
  const commandId = 'message-1'
  const told = Date.now() - limits.deliveryLeaseMs
  await node.tell(node.get(Purse, 'p'), 'put', { n: worth }, { commandId })
  await until(async () => (await sumOf(node)) === worth, { description: 'it is executed' })
  await until(async () => (await node.reminders()).length === 0, { description: 'nothing waits' })
  await forget(node, 'p')
  // As it still stands there where whoever had it was killed before it was put away.
  const record = { id: commandId, command: 'put', input: { n: worth }, commandId, metadata: {} }
  const text = encodeRecord({ ...record, beat: told, firing: 1, attempts: 0 })
  const entry = { actorId: 'purse-p', kind: 'message', name: commandId, due: told, text } as const
  await (node.events as CommitLogEventStore).agenda?.put(entry, () => true)
  await until(async () => (await node.reminders()).length === 0, { description: 'nothing waits' })
  expect(await sumOf(node)).toBe(worth + others)
})
