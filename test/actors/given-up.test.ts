import { open, view } from 'aether'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BackendSource, backendKinds } from '../support/backend-kinds.ts'
import { Counter } from './counter.ts'

const actors = [Counter] as const
const later = { name: 'later', afterMs: 3_600_000 }
const reason = new Error('enough')
const aborted = AbortSignal.abort(reason)

const Counts = view({ name: 'counts', actors, state: 0, on: { Added: (count) => count + 1 } })

describe.each(backendKinds.slice(0, 3))('who gave up before, on $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => void (source = await start()))
  afterAll(() => source[Symbol.asyncDispose]())

  test('has told, scheduled and cancelled nothing', async () => {
    const limits = { deliveries: 0 }
    await using node = await open({ backend: source.fresh(), actors, limits })
    const counter = node.get(Counter, 'a')
    await node.schedule(counter, 'add', { by: 1 }, later)
    const tells = node.tell(counter, 'add', { by: 1 }, { signal: aborted })
    await expect(tells).rejects.toBe(reason)
    const other = { ...later, name: 'other', signal: aborted }
    await expect(node.schedule(counter, 'add', { by: 1 }, other)).rejects.toBe(reason)
    const cancels = node.unschedule(counter, 'later', { signal: aborted })
    await expect(cancels).rejects.toBe(reason)
    expect(await node.reminders()).toMatchObject([{ kind: 'reminder', name: 'later' }])
  })

  test('while it was checked what he tells, has told nothing', async () => {
    const limits = { deliveries: 0 }
    await using node = await open({ backend: source.fresh(), actors, limits })
    const giving = new AbortController()
    const { signal } = giving
    const telling = node.tell(node.get(Counter, 'a'), 'add', { by: 1 }, { signal })
    giving.abort(reason)
    await expect(telling).rejects.toBe(reason)
    expect(await node.reminders()).toEqual([])
  })

  test('reads no document of a view', async () => {
    await using node = await open({ backend: source.fresh(), actors, projections: [Counts] })
    const counts = node.view(Counts)
    await expect(counts.get('a', { signal: aborted })).rejects.toBe(reason)
    await expect(Array.fromAsync(counts.list({ signal: aborted }))).rejects.toBe(reason)
    const giving = new AbortController()
    const reading = counts.get('a', { signal: giving.signal })
    giving.abort(reason)
    await expect(reading).rejects.toBe(reason)
  })
})
