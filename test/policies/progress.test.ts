import { type Node, policy, type PolicyDefinition } from 'aether'
import { testNode } from 'aether/testing'
import { expect, test } from 'vitest'
import { partOf } from '../../src/projections/progress/part.ts'
import { Order } from './shop.ts'

/** What it does may not be done again, so that it is stored at once. */
const Mailing: PolicyDefinition = policy({
  name: 'mailing',
  actors: [Order],
  on: { Seen: (_event, { idempotencyKey }) => void idempotencyKey },
})

async function revisions(node: Node<typeof Order>): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const table = await node.events.table('policies')
  for await (const { key, revision } of table.list('progress/')) found.set(key, revision)
  return found
}

/** Which parts were stored since. */
async function storedSince(
  before: ReadonlyMap<string, number>,
  node: Node<typeof Order>,
): Promise<readonly string[]> {
  const now = await revisions(node)
  return [...now].flatMap(([key, revision]) => (before.get(key) === revision ? [] : [key]))
}

test('an event that is handled stores the progress of its part; of all others it is stored each second', async () => {
  await using home = await testNode({ actors: [Order], policies: [Mailing] })
  const { node, clock } = home
  const see = async (key: string): Promise<void> => {
    await node.get(Order, key).see()
    await clock.advance(30)
  }
  await see('first')
  for (const key of ['a', 'b', 'c', 'd']) {
    const before = await revisions(node)
    await see(key)
    expect(await storedSince(before, node)).toEqual([
      `progress/mailing/${partOf(`order-${key}`, 8)}`,
    ])
  }
  await clock.advance(1_000)
  const table = await node.events.table('policies')
  const stored = await Array.fromAsync(table.list('progress/'))
  const last = await node.events.lastPosition()
  expect(stored.map(({ text }) => JSON.parse(text) as unknown)).toMatchObject(
    Array.from({ length: 8 }, () => ({ position: last })),
  )
})

test('whoever follows what the members agree on is not woken by progress', async () => {
  await using home = await testNode({ actors: [Order], policies: [Mailing] })
  const { node, clock } = home
  await clock.advance(1_000)
  let wakes = 0
  const readers = await node.events.table('readers')
  await using _watch = await readers.watch(() => wakes++)
  const before = await revisions(node)
  await node.get(Order, 'a').see()
  await clock.advance(1_000)
  expect(await storedSince(before, node)).toHaveLength(8)
  expect(wakes).toBe(0)
  await node.projection(Mailing).pause()
  expect(wakes).toBeGreaterThan(0)
})
