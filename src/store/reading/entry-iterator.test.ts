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

test('all at once is what the loop would give, over batches, and releases the source once', async () => {
  const whole = reader([[1, 2], [], [3]])
  expect(versionsIn(await whole.iterator.toArray())).toEqual([1, 2, 3])
  expect(whole.released()).toBe(1)
  expect(await whole.iterator.toArray()).toEqual([])
  expect((await whole.iterator.next()).done).toBe(true)
  expect(whole.opened()).toBe(1)

  const limited = reader([[1, 2, 3], [4]], { limit: 2 })
  expect(versionsIn(await limited.iterator.toArray())).toEqual([1, 2])
  expect(limited.released()).toBe(1)
})

test('all at once is what is left where a loop began, and what calls before it leave', async () => {
  const begun = reader([[1, 2, 3], [4]])
  await begun.iterator.next()
  const second = begun.iterator.next()
  const rest = begun.iterator.toArray()
  expect(((await second).value as StoredEvent).version).toBe(2)
  expect(versionsIn(await rest)).toEqual([3, 4])
  expect(begun.released()).toBe(1)

  const left = reader([[1]])
  await left.iterator.return()
  expect(await left.iterator.toArray()).toEqual([])
  expect(left.opened()).toBe(0)
})

test('all at once fails as the loop does, and releases the source', async () => {
  const broken = new MalformedEventError({ position: 2, raw: '', cause: new Error('broken') })
  const batches = [[1], [broken, 3]]
  const stopped = reader(batches)
  await expect(stopped.iterator.toArray()).rejects.toBe(broken)
  expect(stopped.released()).toBe(1)
  expect(await stopped.iterator.toArray()).toEqual([])
  expect(versionsIn(await reader(batches, { onMalformed: 'skip' }).iterator.toArray())).toEqual([
    1, 3,
  ])
  const collected = await reader(batches, { onMalformed: 'collect' }).iterator.toArray()
  expect(collected[1]).toBe(broken)
  // What stands behind the limit is nobody's concern.
  expect(await reader(batches, { limit: 1 }).iterator.toArray()).toHaveLength(1)

  const controller = new AbortController()
  const aborted = reader([[1], [2]], { signal: controller.signal })
  await aborted.iterator.next()
  const rest = aborted.iterator.toArray()
  controller.abort(new Error('enough'))
  await expect(rest).rejects.toThrow('enough')
  expect(aborted.released()).toBe(1)
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
    return { batches: source, reading: readingOf(options) }
  })
  return { iterator, opened: () => opened, released: () => released }
}

async function versionsOf(iterator: EntryIterator): Promise<number[]> {
  return versionsIn(await Array.fromAsync(iterator))
}

function versionsIn(entries: readonly LogEntry[]): number[] {
  return entries.map((entry) => (entry as StoredEvent).version)
}

function event(version: number): StoredEvent {
  const place = { actorId: 'order-1', version, position: version } as const
  return { ...place, id: `e-${version}`, type: 'A', time: 'now', data: {}, metadata: noMetadata }
}
