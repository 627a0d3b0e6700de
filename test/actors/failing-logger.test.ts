import { once } from 'node:events'
import { actor, type Logger, open } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { expect, test } from 'vitest'
import { Counter } from './counter.ts'

const fail = (): never => {
  throw new Error('the log is full')
}
const failing: Logger = { debug: fail, info: fail, warn: fail, error: fail }

const coded = (code: string): unknown => expect.objectContaining({ code })

test('a logger that fails makes no command fail, and the process is warned instead', async () => {
  const clock = new VirtualClock()
  const limits = { failuresInARow: 2 }
  await using node = await open({
    backend: memory(),
    actors: [Counter],
    logger: failing,
    limits,
    clock,
  })
  const bad = node.get(Counter, 'bad')
  const warned = once(process, 'warning')
  for (let i = 0; i < 2; i++) await expect(bad.throwing()).rejects.toEqual(coded('actor-failed'))
  await expect(bad.add({ by: 1 })).rejects.toEqual(coded('actor-quarantined'))
  expect(await warned).toMatchObject([
    { message: expect.stringMatching(/counter-bad is in quarantine.*the log is full/) },
  ])
  await clock.advance(60_000)
  // That it succeeded is logged behind its append.
  expect(await bad.add({ by: 1 })).toMatchObject({ version: 1 })
  expect(node.quarantined).toEqual([])
})

test('whatever a decision throws is told as a failure of the actor', async () => {
  const thrown = [
    Object.create(null) as object,
    Symbol('broken'),
    Object.defineProperty(new Error('broken'), 'message', { get: fail }),
  ]
  const Odd = actor('odd', {
    state: () => 0,
    events: {},
    evolve: {},
    commands: {
      fail: {
        decide: () => {
          throw thrown.at(-1) as Error
        },
      },
    },
  })
  await using node = await open({ backend: memory(), actors: [Odd] })
  while (thrown.length > 0) {
    await expect(node.get(Odd, 'a').fail()).rejects.toEqual(coded('actor-failed'))
    thrown.pop()
  }
})
