import { expect, test } from 'vitest'
import { memory } from '../../backends/memory/index.ts'

test('what a listener stores itself is told behind what it was told of, to all listeners', async () => {
  await using store = await memory().openStore()
  const heard: string[] = []
  const stored: Promise<unknown>[] = []
  using _first = store.onStored(([event]) => {
    heard.push(`first ${event?.type}`)
    if (event?.type !== 'Asked') return
    const answer = [{ type: 'Answered', data: null }]
    stored.push(store.append('talk-1', answer, { expectedVersion: event.version }))
  })
  using _second = store.onStored(([event]) => void heard.push(`second ${event?.type}`))
  await store.append('talk-1', [{ type: 'Asked', data: null }], { expectedVersion: 0 })
  await Promise.all(stored)
  expect(heard).toEqual(['first Asked', 'second Asked', 'first Answered', 'second Answered'])
})
