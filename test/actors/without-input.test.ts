import { actor, open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'

const Door = actor('door', {
  state: { opened: 0 },
  events: { Opened: z.object({}) },
  evolve: { Opened: (s) => ({ opened: s.opened + 1 }) },
  commands: { open: { decide: (_s, _c, on) => on.Opened({}) } },
  queries: { count: { answer: (s) => s.opened } },
})

const refused = (paths: readonly string[]): unknown =>
  expect.objectContaining({
    code: 'invalid-input',
    issues: paths.map((path) => ({ path, message: 'is not asked for' })),
  })

test('options in the place of an input that is not asked for are refused, and it is said where they go', async () => {
  await using node = await open({ backend: memory(), actors: [Door] })
  const door = node.get(Door, 'a')
  // As JavaScript calls it, where no compiler says so.
  const { open: send, count: ask } = door as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >
  await expect(send?.call(door, { commandId: 'k' })).rejects.toMatchObject({
    code: 'invalid-input',
    message:
      'door.open takes no input, and options come behind it: open(undefined, { … }): commandId: is not asked for',
  })
  await expect(ask?.call(door, { version: 0, at: 1 })).rejects.toEqual(refused(['version', 'at']))
  for (const input of ['x', 0, false, [], new Date(), AbortSignal.timeout(60_000)])
    await expect(send?.call(door, input)).rejects.toEqual(refused(['']))
  const swing = node.transact([door], ([a]) =>
    (a.decide.open as unknown as (input: unknown) => [])({ at: 1 }),
  )
  await expect(swing).rejects.toEqual(refused(['at']))
  await expect(node.tell('door-a', 'open', { at: 1 })).rejects.toEqual(refused(['at']))
  expect(await door.count()).toBe(0)
})

test('nothing, null and an empty object are no input', async () => {
  await using node = await open({ backend: memory(), actors: [Door] })
  for (const input of [undefined, null, {}]) await node.send('door-a', 'open', input)
  expect(await node.query('door-a', 'count', {})).toBe(3)
})
