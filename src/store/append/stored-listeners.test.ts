import { once } from 'node:events'
import { expect, test } from 'vitest'
import { memory } from '../../backends/memory/index.ts'
import { silentLogger, type StoredEvent } from '../../core/index.ts'
import type { Appended, AppendResult } from '../event-store.ts'

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

test('where a listener fails, and the logger as well, all others are told, also of what comes next', async () => {
  const fail = (): never => {
    throw new Error('the disk is full')
  }
  await using store = await memory().openStore({ logger: { ...silentLogger, error: fail } })
  using _failing = store.onStored(fail)
  const failLater: () => unknown = () => Promise.resolve().then(fail)
  using _later = store.onStored(failLater)
  const heard: number[] = []
  using _listening = store.onStored((events) => void heard.push(...events.map((e) => e.version)))
  const warned = once(process, 'warning')
  for (const expectedVersion of [0, 1])
    expect(
      await store.append('talk-1', [{ type: 'Said', data: null }], { expectedVersion }),
    ).toMatchObject({ ok: true })
  expect(heard).toEqual([1, 2])
  expect(await warned).toMatchObject([{ name: 'AetherWarning' }])
})

test('no listener changes what the next one and the sender are told', async () => {
  await using store = await memory().openStore({ logger: silentLogger })
  using _changing = store.onStored((events) => (events as StoredEvent[]).splice(0))
  const heard: number[] = []
  using _listening = store.onStored((events) => void heard.push(...events.map((e) => e.version)))
  const said = { type: 'Said', data: null }
  const { events } = appended(await store.append('talk-1', [said, said], { expectedVersion: 0 }))
  expect(heard).toEqual([1, 2])
  expect(events.map(({ version }) => version)).toEqual([1, 2])
})

function appended(result: AppendResult): Appended {
  if (result.ok) return result
  throw new Error('a conflict')
}
