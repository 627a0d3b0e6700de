import { describe, expect, test } from 'vitest'
import { memory } from '../../src/backends/memory/index.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'

describe('memory', () => {
  for (const { name, run } of eventStoreConformance) {
    test(name, async () => {
      const backend = memory()
      await run({ open: (options) => backend.openStore(options) })
    })
  }

  test('an append at once gives its result in the same turn, behind the listeners', async () => {
    await using store = await memory().openStore()
    const told: number[] = []
    using _listening = store.onStored((events) => void told.push(events.length))
    const placed = { type: 'Placed', data: {} }
    const result = store.appendAtOnce('order-1', [placed], { expectedVersion: 0 })
    expect(told).toEqual([1])
    expect(result).toMatchObject({ ok: true, version: 1, events: [{ type: 'Placed' }] })
    await store.close()
    const late = (): unknown => store.appendAtOnce('order-1', [placed], { expectedVersion: 1 })
    expect(late).toThrow(expect.objectContaining({ code: 'closed' }))
  })
})
