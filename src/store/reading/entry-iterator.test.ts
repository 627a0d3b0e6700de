import { expect, test } from 'vitest'
import { AetherError, MalformedEventError, noMetadata, type StoredEvent } from '../../core/index.ts'
import type { LogEntry } from '../commit-log.ts'
import { EntryIterator } from './entry-iterator.ts'
import { readingOf } from './reading.ts'

test('entries come one by one, over batches, empty ones as well', async () => {
  expect(await versionsOf(reader([[1, 2], [], [3]]).iterator)).toEqual([1, 2, 3])
})

test('calls that do not wait for each other are answered in turn', async () => {
  const { iterator } = reader([[1], [2, 3]])
  const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()))
  expect(results.map(({ value }) => (value as StoredEvent | undefined)?.version)).toEqual([
    1,
    2,
    3,
    undefined,
    undefined,
  ])
  expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true])
})

test('whoever leaves, or has had enough, releases the source once', async () => {
  const left = reader([[1, 2, 3]])
  for await (const _ of left.iterator) break
  expect(left.released()).toBe(1)
  expect(await left.iterator.next()).toEqual({ value: undefined, done: true })

  const limited = reader([[1, 2, 3]], { limit: 2 })
  expect(await versionsOf(limited.iterator)).toEqual([1, 2])
  expect(limited.released()).toBe(1)
})

test('one that was never begun opens nothing', async () => {
  const { iterator, opened } = reader([[1]])
  await iterator.return()
  expect(await iterator.next()).toEqual({ value: undefined, done: true })
  expect(opened()).toBe(0)
})

test('an abort in the middle of a batch ends it with the reason and releases the source', async () => {
  const controller = new AbortController()
  const { iterator, released } = reader([[1, 2]], { signal: controller.signal })
  await iterator.next()
  controller.abort(new Error('enough'))
  await expect(iterator.next()).rejects.toThrow('enough')
  expect(released()).toBe(1)
  expect((await iterator.next()).done).toBe(true)
})

test('what opening throws comes with the first call, and then there is nothing', async () => {
  const iterator = new EntryIterator(() => {
    throw new AetherError('closed', 'the event store was closed')
  })
  await expect(iterator.next()).rejects.toMatchObject({ code: 'closed' })
  expect((await iterator.next()).done).toBe(true)
})

test('what can not be read stops, is left out or is given', async () => {
  const broken = new MalformedEventError({ position: 2, raw: '', cause: new Error('broken') })
  const stopped = reader([[1, broken, 3]])
  await expect(versionsOf(stopped.iterator)).rejects.toBe(broken)
  expect(stopped.released()).toBe(1)
  expect(await versionsOf(reader([[1, broken, 3]], { onMalformed: 'skip' }).iterator)).toEqual([
    1, 3,
  ])
  const collected = await Array.fromAsync(
    reader([[1, broken, 3]], { onMalformed: 'collect' }).iterator,
  )
  expect(collected[1]).toBe(broken)
})

type Options = Parameters<typeof readingOf>[0]

function reader(
  batches: readonly (readonly (number | MalformedEventError)[])[],
  options: Options = {},
): { readonly iterator: EntryIterator; opened(): number; released(): number } {
  let [opened, released] = [0, 0]
  async function* source(): AsyncGenerator<readonly LogEntry[]> {
    try {
      for (const batch of batches)
        yield batch.map((entry) => (typeof entry === 'number' ? event(entry) : entry))
    } finally {
      released++
    }
  }
  const iterator = new EntryIterator(() => {
    opened++
    return { batches: source(), reading: readingOf(options) }
  })
  return { iterator, opened: () => opened, released: () => released }
}

async function versionsOf(iterator: EntryIterator): Promise<number[]> {
  return (await Array.fromAsync(iterator)).map((entry) => (entry as StoredEvent).version)
}

function event(version: number): StoredEvent {
  const place = { actorId: 'order-1', version, position: version } as const
  return { ...place, id: `e-${version}`, type: 'A', time: 'now', data: {}, metadata: noMetadata }
}
