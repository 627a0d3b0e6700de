import { AetherError, policy, view, type ViewDefinition } from 'aether'
import { testNode } from 'aether/testing'
import { expect, test, vi } from 'vitest'
import { Order, Stock } from '../policies/shop.ts'

const Sightings = view({
  name: 'sightings',
  actors: [Order],
  state: { seen: 0 },
  on: { Seen: ({ seen }) => ({ seen: seen + 1 }) },
})

const Watching = policy({ name: 'watching', actors: [Order], on: { Seen: () => {} } })

function settings(reader: typeof Sightings | typeof Watching): {
  readonly projections: readonly ViewDefinition[]
  readonly policies: readonly (typeof Watching)[]
} {
  return reader === Watching
    ? { projections: [], policies: [Watching] }
    : { projections: [Sightings], policies: [] }
}

const away = (): never => {
  throw new AetherError('store-unavailable', 'its disk is full')
}

test.each([
  ['view', Sightings, 'view-sightings-1'],
  ['policy', Watching, 'policies'],
] as const)(
  'a %s that can only read says once that it fails, until it can store',
  async (...each) => {
    const [kind, reader, tableName] = each
    await using home = await testNode({ actors: [Order, Stock], ...settings(reader) })
    const { node, clock, log } = home
    await node.get(Order, 'a').see()
    await clock.advance(2_000)
    const said = (): readonly string[] =>
      log.messages.filter((message) => message.startsWith(`the ${kind} ${reader.name} `))
    expect(said()).toEqual([])

    const put = vi.spyOn(await node.events.table(tableName), 'put').mockImplementation(away)
    // There is nothing to be done about it, but to store that.
    await node.get(Stock, 'lamp').empty()
    await clock.advance(120_000)
    expect(said()).toEqual([`the ${kind} ${reader.name} can't go on: its disk is full`])
    expect((await node.projection(reader).status()).state).toBe('failed')

    put.mockRestore()
    await clock.advance(60_000)
    expect(said().slice(1)).toEqual([`the ${kind} ${reader.name} goes on`])
    expect((await node.projection(reader).status()).state).toBe('live')
  },
)

test('a policy whose commands find the store away says so once, until one is carried out', async () => {
  let isAway = true
  let handled = 0
  const Asking = policy({
    name: 'asking',
    actors: [Order],
    on: {
      Seen: async () => {
        await Promise.resolve()
        if (isAway) away()
        handled++
      },
    },
  })
  await using home = await testNode({ actors: [Order], policies: [Asking] })
  const { node, clock, log } = home
  for (const key of ['a', 'b', 'c']) await node.get(Order, key).see()
  await clock.advance(120_000)
  expect(log.messages).toEqual(["the policy asking can't go on: its disk is full"])
  isAway = false
  await clock.advance(60_000)
  expect(handled).toBe(3)
  expect(log.messages.slice(1)).toEqual(['the policy asking goes on'])
})
