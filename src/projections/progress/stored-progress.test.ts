import { describe, expect, test } from 'vitest'
import { memory } from '../../backends/memory/index.ts'
import { type ActorId, AetherError } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import { type HeldActor, holdBack } from './held-actor.ts'
import { changeTo, newPart, type PartState, readProgress } from './part-progress.ts'
import { storeProgress } from './stored-progress.ts'

/** What a nats-server takes at once where nothing is set, without what headers need. */
const maxTextBytes = 1_048_576 - 1_000

/** A part that holds back so many, with all that may be told of each. */
function partOf(count: number): PartState {
  const failed = new AetherError('invalid-event', 'Ä'.repeat(500))
  failed.stack = `Error\n${'    at Object.handle (file:///srv/shop/node_modules/a-package/src/handlers.ts:1:1)\n'.repeat(20)}`
  const held = new Map<ActorId, HeldActor>()
  const rules = { retries: 0, retryMs: 200, now: 1_795_000_000_000 }
  for (let n = 0; n < count; n++) {
    const actorId = `order-${'k'.repeat(194)}${String(n).padStart(6, '0')}` as ActorId
    const event = {
      actorId,
      position: 2 ** 52 + n,
      version: 2 ** 30,
      type: 'OrderPlaced'.repeat(5),
    }
    held.set(actorId, holdBack(event, failed, undefined, rules))
  }
  return { ...newPart('0', 7).state, held }
}

async function store(state: PartState): Promise<PartState> {
  await using events = await memory().openStore()
  const kept = await events.table('progress')
  const table = new Proxy(kept, {
    get: (target, name: keyof DocumentTable) => {
      if (name === 'maxTextBytes') return maxTextBytes
      const value = target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const [stored] = await storeProgress(table, 'p/', [changeTo(newPart('0', 0), state)])
  if (!stored) throw new Error('it was stored')
  expect(Buffer.byteLength(stored.text)).toBeLessThanOrEqual(maxTextBytes)
  return readProgress(stored).state
}

describe('the progress of a part', () => {
  test('is stored as it is where there is room', async () => {
    const state = partOf(100)
    expect(await store(state)).toEqual(state)
  })

  test.each([
    [1_000, 200], // as many as are held back at most by default
    [1_500, 40],
  ])('has room for %d who are held back, and says less of their causes', async (count, length) => {
    const state = partOf(count)
    expect(Buffer.byteLength(changeTo(newPart('0', 0), state).text)).toBeGreaterThan(maxTextBytes)
    const stored = await store(state)
    expect([...stored.held.keys()]).toEqual([...state.held.keys()])
    const [first] = stored.held.values()
    expect(first?.cause).toEqual({ code: 'invalid-event', message: 'Ä'.repeat(length) })
  })

  test('that has no room for those who are held back stops the reader, and says why', async () => {
    await expect(store(partOf(3_000))).rejects.toMatchObject({
      code: 'reader-stopped',
      message: expect.stringMatching(/^part 0 holds back 3000 actors, .* max_payload/),
    })
  })
})
