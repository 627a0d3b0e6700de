import type { EventStore, StoredEvent } from 'aether'
import { expect, test } from 'vitest'
import { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import { MemorySnapshotShelf } from '../../src/backends/memory/memory-snapshot-shelf.ts'
import { CommitLogEventStore, type LogFilter, type LogRange } from '../../src/store/index.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

/** Counts what it is asked for, and who watches it. */
class CountingLog extends MemoryCommitLog {
  questions = 0
  watchers = 0

  override readAll(range: LogRange): ReturnType<MemoryCommitLog['readAll']> {
    this.questions++
    return super.readAll(range)
  }

  override lastPosition(): Promise<number> {
    this.questions++
    return super.lastPosition()
  }

  override async watch(wake: () => void): Promise<AsyncDisposable> {
    const watching = await super.watch(wake)
    this.watchers++
    return {
      [Symbol.asyncDispose]: async () => {
        this.watchers--
        await watching[Symbol.asyncDispose]()
      },
    }
  }
}

const count = 500
const filters: readonly LogFilter[] = [
  {},
  { actorTypes: ['order'] },
  { actorTypes: ['parcel'] },
  { eventTypes: ['Rare'] },
  { key: 'a*' },
]

test(`${count} who follow the log read it together`, async () => {
  const log = new CountingLog()
  await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
  const ended = new AbortController()
  const given: StoredEvent[][] = []
  const following = Array.from({ length: count }, async (_, index) => {
    const events: StoredEvent[] = []
    given.push(events)
    const filter = filters[index % filters.length] ?? {}
    const subscription = store.subscribe({ checkpoint: 'now', filter, signal: ended.signal })
    for await (const event of subscription) events.push(event)
  })
  const ending = Promise.allSettled(following)
  await until(() => log.questions >= count, { description: 'all have begun' })
  await settled(log)
  const before = log.questions
  for (let n = 1; n <= 20; n++) {
    await append(store, `order-${n}`, [n])
    await until(() => given.filter((events) => events.length === n).length === (2 * count) / 5, {
      description: `all were given event ${n}`,
    })
  }
  await settled(log)
  // One read for an event, and as much again where some ask while it is under way.
  expect(log.questions - before).toBeLessThanOrEqual(40)
  expect(log.watchers).toBe(1)
  expect(given.filter((events) => events.length > 0)).toHaveLength((2 * count) / 5)
  ended.abort()
  await ending
  expect(log.watchers).toBe(0)
})

test('however they begin, wait and leave, each is given all that passes, once and in order', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = new SeededRandom(seed)
    const log = new CountingLog()
    await using store = new CommitLogEventStore(log, new MemorySnapshotShelf())
    const followers = Array.from({ length: 30 }, () => new Follower(store, random))
    const writing = (async () => {
      for (let n = 1; n <= 100; n++) {
        await append(
          store,
          `${random.chance(0.5) ? 'order' : 'parcel'}-${n}`,
          Array.from({ length: random.chance(0.02) ? 700 : 1 + random.below(3) }, () => n),
        )
        if (random.chance(0.3)) await turn()
        if (random.chance(0.2)) followers.push(new Follower(store, random))
      }
    })()
    await writing
    const all = await store.readAll().toArray()
    for (const follower of followers) await follower.checkAgainst(all, seed)
    expect(log.watchers).toBe(0)
  }
})

test('what is at the end of the log is the same for all, so nobody can change it', async () => {
  await using store = new CommitLogEventStore(new MemoryCommitLog(), new MemorySnapshotShelf())
  const one = store.subscribe()[Symbol.asyncIterator]()
  const two = store.subscribe()[Symbol.asyncIterator]()
  const waiting = Promise.all([one.next(), two.next()])
  await append(store, 'order-1', [1])
  const [first, second] = await waiting
  expect(first.value).toBe(second.value)
  expect(Object.isFrozen(first.value)).toBe(true)
  await one.return?.()
  await two.return?.()
})

/** Follows the log at its own pace, leaves now and then, and goes on at its checkpoint. */
class Follower {
  readonly #store: EventStore
  readonly #random: SeededRandom
  readonly #filter: LogFilter
  readonly #given: StoredEvent[] = []
  readonly #ended = new AbortController()
  readonly #start: number
  #checkpoint: string
  readonly #running: Promise<void>

  constructor(store: EventStore, random: SeededRandom) {
    this.#store = store
    this.#random = random
    this.#filter = filters[random.below(filters.length)] ?? {}
    this.#start = random.below(20)
    this.#checkpoint = '0'
    this.#running = this.#run()
  }

  async checkAgainst(all: readonly StoredEvent[], seed: number): Promise<void> {
    const { actorTypes: [type = ''] = [], key, eventTypes } = this.#filter
    const isEmpty = key !== undefined || eventTypes !== undefined
    const wanted = isEmpty ? [] : all.filter(({ actorId }) => actorId.startsWith(type))
    await until(() => this.#given.length >= wanted.length, {
      description: `seed ${seed}: ${wanted.length} events were given`,
    })
    expect(this.#given.map(({ position }) => position)).toEqual(
      wanted.map(({ position }) => position),
    )
    this.#ended.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    for (let waits = this.#start; waits > 0; waits--) await turn()
    while (!this.#ended.signal.aborted) await this.#follow().catch(() => undefined)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended
    const options = { checkpoint: this.#checkpoint, filter: this.#filter, signal }
    const subscription = this.#store.subscribe(options)
    for await (const event of subscription) {
      this.#given.push(event)
      this.#checkpoint = subscription.checkpoint
      if (this.#random.chance(0.1)) await turn()
      if (this.#random.chance(0.02)) return
    }
  }
}

function append(store: EventStore, actorId: string, numbers: readonly number[]): Promise<unknown> {
  const events = numbers.map((data) => ({ type: 'Counted', data }))
  return store.append(actorId as `order-${string}`, events, { expectedVersion: 'any' })
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when nobody has asked the log anything for a while. */
async function settled(log: CountingLog): Promise<void> {
  for (let quiet = 0, seen = log.questions; quiet < 50; quiet++, await turn())
    if (log.questions !== seen) [quiet, seen] = [0, log.questions]
}
