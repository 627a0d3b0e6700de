import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { actor, policy, projection, view } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import { testNode } from 'aether/testing'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { temporaryFolder } from '../support/temporary-folder.ts'

const Counter = actor('counter', {
  state: { total: 0 },
  events: { Added: z.object({ by: z.number() }) },
  evolve: { Added: (s, e) => ({ total: s.total + e.by }) },
  commands: {
    add: { input: z.object({ by: z.number() }), decide: (_s, c, on) => on.Added(c) },
    broken: {
      decide: () => {
        throw new Error('decide is broken')
      },
    },
  },
})

test('the ids and times of a test node are the same each time', async () => {
  const seen = await Promise.all(
    [1, 2].map(async () => {
      await using home = await testNode({ actors: [Counter] })
      await home.clock.advance(1_000)
      const { events } = await home.node.get(Counter, 'a').add({ by: 1 })
      return events[0]
    }),
  )
  expect(seen[0]).toMatchObject({
    id: expect.stringMatching(/^e-\d$/),
    time: '2026-01-01T00:00:01.000Z',
  })
  expect(seen[1]).toEqual(seen[0])
})

test('a test node can be started again, and knows what was stored', async () => {
  await using home = await testNode({ actors: [Counter] })
  const before = home.node
  await before.get(Counter, 'a').add({ by: 1 })
  await home.restart()
  await expect(before.get(Counter, 'a').add({ by: 1 })).rejects.toMatchObject({ code: 'closed' })
  expect((await home.node.get(Counter, 'a').add({ by: 2 })).state).toEqual({ total: 3 })
})

test('a test node keeps what it tells its logger, and the clock lets idle actors go', async () => {
  const limits = { failuresInARow: 1, idleMs: 60_000 }
  await using home = await testNode({ actors: [Counter], limits })
  await expect(home.node.get(Counter, 'a').broken()).rejects.toThrow('decide is broken')
  expect(home.log.entries).toMatchObject([{ level: 'error', fields: { actorId: 'counter-a' } }])
  expect(home.log.messages).toEqual([expect.stringContaining('in quarantine')])
  expect(home.node.liveActors).toBe(1)
  await home.clock.advance(120_000)
  expect(home.node.liveActors).toBe(0)
})

test('tables that an earlier test left are refused; once they are removed, the next one begins anew', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'views.db')
  await using tables = sqliteTables({ file, tables: { total: 'id TEXT PRIMARY KEY' } })
  const Totals = projection({
    name: 'totals',
    actors: [Counter],
    target: tables,
    on: { Added: ({ key }, sql) => sql`INSERT INTO ${tables.tables.total} VALUES (${key})` },
  })
  const run = async (key: string) => {
    await using home = await testNode({ actors: [Counter], projections: [Totals] })
    const { position } = await home.node.get(Counter, key).add({ by: 1 })
    await home.node.projection(Totals).reached(position)
    await home.restart()
    return await tables.read`SELECT id FROM total`
  }
  expect(await run('a')).toEqual([{ id: 'a' }])
  await expect(run('b')).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringMatching(/views.db has the projection totals already.*remove/) as string,
  })
  await tables[Symbol.asyncDispose]()
  await rm(file)
  expect(await run('b')).toEqual([{ id: 'b' }])
})

test('what a policy did is waited for in a time that stands still', async () => {
  const Doubling = policy({
    name: 'doubling',
    actors: [Counter],
    on: {
      Added: async ({ key, data }, node) => {
        if (key === 'a') await node.get(Counter, 'twice').add({ by: data.by * 2 })
      },
    },
  })
  await using home = await testNode({ actors: [Counter], policies: [Doubling] })
  const { node } = home
  for (const by of [1, 2, 3]) {
    const { position } = await node.get(Counter, 'a').add({ by })
    expect(await node.projection(Doubling).reached(position)).toEqual({ heldBack: [] })
    expect((await node.state(node.get(Counter, 'twice'))).state).toEqual({ total: by * (by + 1) })
  }
})

test('a node that is alone in its memory shows nobody that it lives, however long', async () => {
  const Total = view({
    name: 'total',
    actors: [Counter],
    key: ({ key }) => key,
    state: { total: 0 },
    on: { Added: (s, { data }) => ({ total: s.total + data.by }) },
  })
  await using home = await testNode({ actors: [Counter], projections: [Total] })
  const signs = async (): Promise<readonly number[]> => {
    const table = await home.node.events.table('members')
    const documents = await Array.fromAsync(table.list('member/'))
    return documents.map(({ revision }) => revision)
  }
  const { position } = await home.node.get(Counter, 'a').add({ by: 1 })
  await home.node.projection(Total).reached(position)
  const before = await signs()
  await home.clock.advance(10 * 86_400_000)
  expect(await signs()).toEqual(before)
  expect(before).toHaveLength(1)
})
