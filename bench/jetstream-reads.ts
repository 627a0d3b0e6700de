import { type Consumer, jetstream } from '@nats-io/jetstream'
import type { ActorId, EventStore } from 'aether'
import { sequenceAt } from '../src/backends/nats/commits/event-position.ts'
import { startNatsServer } from '../test/support/nats.ts'
import {
  type Comparison,
  contender,
  type Contender,
  inFlight,
  medianMicroseconds,
  speed,
} from './comparison.ts'
import { eventsOfLong, fillStream, type FilledStream } from './filled-stream.ts'
import { group } from './group.ts'
import { type EndOfActor, RawEnds } from './raw-ends.ts'
import { isTrial, scaled } from './scale.ts'
import { eventsIn } from './stored-commit.ts'

/** The same actors in streams of three lengths; the longest is `large`. */
interface Streams extends AsyncDisposable {
  readonly small: FilledStream
  readonly middle: FilledStream
  readonly large: FilledStream
}

/** Behind a snapshot, say. */
const eventsOfEnd = 10
const largeCount = isTrial ? 50_000 : 1_000_000

export const jetStreamReadGroup = group<Streams>({
  name: 'JetStream, reading',
  remarks: [
    'Streams of commits of one event each. Of 1 M events, 100 actors have 1,000 each, and 9,900 have 90 or 91;',
    'of 100 k and of 10 k events, 5 actors have 1,000 each. All are spread evenly over the stream.',
    'Every reader parses what it reads. The raw reader of one actor is one batched direct get by subject; of few',
    'events whose places it is told, a question to the leader and direct gets, at once, whose answers share an inbox.',
  ],
  open: openStreams,
  comparisons: [
    latestVersion(),
    knownVersion(),
    loadAgainstRaw(),
    shortLoad(1),
    shortLoad(64),
    loadAgainstSmall('middle', '100 k'),
    loadAgainstSmall('large', '1 M'),
    wholeLog(),
  ],
})

async function openStreams(): Promise<Streams> {
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await startNatsServer())
  const few = { longActorCount: 5, shortActorCount: 500 }
  const many = { longActorCount: isTrial ? 10 : 100, shortActorCount: isTrial ? 990 : 9_900 }
  const small = stack.use(await fillStream(url, { eventCount: 10_000, ...few }))
  const middle = stack.use(
    await fillStream(url, { eventCount: isTrial ? 20_000 : 100_000, ...few }),
  )
  const large = stack.use(await fillStream(url, { eventCount: largeCount, ...many }))
  const moved = stack.move()
  return { small, middle, large, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}

function latestVersion(): Comparison<Streams> {
  const count = scaled(2_000)
  return {
    name: 'latest version, not cached, p50, against a raw direct get',
    unit: 'µs',
    target: { atMost: 1.3 },
    async start({ large: { store, manager, subjects, actorIds } }) {
      const next = inTurn(actorIds)
      const direct = (): Promise<unknown> =>
        manager.direct.getMessage(subjects.stream, { last_by_subj: subjects.of(next()) })
      return {
        ours: contender(() => medianMicroseconds(count, () => store.latestVersion(next()))),
        reference: contender(() => medianMicroseconds(count, direct)),
      }
    },
  }
}

/** What a store gives from memory, once it can. */
interface KnowsVersions {
  knownVersion(actorId: ActorId): number | undefined
}

function knownVersion(): Comparison<Streams> {
  const count = scaled(1_000_000)
  return {
    name: 'latest version, cached (`knownVersion`), a call',
    unit: 'µs',
    target: { atMost: 0.3 },
    isReady: ({ large }) => 'knownVersion' in large.store,
    async start({ large: { store, longActors } }) {
      const known = store as unknown as KnowsVersions
      for (const actorId of longActors) await store.latestVersion(actorId)
      return { ours: contender(async () => ({ value: microsecondsOf(known, longActors, count) })) }
    },
  }
}

/** The mean: one call is too short for the clock. */
function microsecondsOf(store: KnowsVersions, actorIds: readonly ActorId[], count: number): number {
  const next = inTurn(actorIds)
  const start = performance.now()
  let known = 0
  for (let index = 0; index < count; index++) if (store.knownVersion(next())) known++
  const microseconds = ((performance.now() - start) * 1_000) / count
  if (known !== count) throw new Error(`only ${known} of ${count} versions were known`)
  return microseconds
}

const loadsPerRun = isTrial ? 2 : 5

function loadAgainstRaw(): Comparison<Streams> {
  return {
    name: 'loading 1,000 events of one actor among 1 M of 10,000, against a raw batched direct get',
    unit: 'events/s',
    target: { atLeast: 3 },
    start: async ({ large }) => ({ ours: loads(large), reference: rawLoads(large) }),
  }
}

function shortLoad(width: number): Comparison<Streams> {
  const count = scaled(width === 1 ? 500 : 5_000)
  return {
    name: `loading the newest ${eventsOfEnd} events of one actor among 1 M, ${width} in flight, against raw direct gets of them`,
    unit: 'loads/s',
    target: { atLeast: 0.6 },
    async start({ large: { store, connection, subjects, longActors } }) {
      const fromVersion = eventsOfLong - eventsOfEnd + 1
      const next = inTurn(longActors)
      const load = async (): Promise<void> => {
        const events = await store.read(next(), { fromVersion }).toArray()
        complete(events.length, eventsOfEnd)
      }
      const raw = new RawEnds(connection, subjects)
      const places = await Promise.all(longActors.map((actorId) => placesOf(store, actorId)))
      const nextPlaces = inTurn(places)
      const rawLoad = async (): Promise<void> => {
        complete(await raw.load(nextPlaces()), eventsOfEnd)
      }
      return {
        ours: contender(() => speed(() => inFlight(count, width, load))),
        reference: contender(
          () => speed(() => inFlight(count, width, rawLoad)),
          () => raw.close(),
        ),
      }
    },
  }
}

async function placesOf(store: EventStore, actorId: ActorId): Promise<EndOfActor> {
  const fromVersion = eventsOfLong - eventsOfEnd + 1
  const events = await store.read(actorId, { fromVersion }).toArray()
  return { actorId, sequences: events.slice(0, -1).map(({ position }) => sequenceAt(position)) }
}

function loadAgainstSmall(length: 'middle' | 'large', named: string): Comparison<Streams> {
  return {
    name: `loading 1,000 events of one actor in a stream of ${named}, against one of 10 k`,
    unit: 'ms',
    target: { atMost: 1.5 },
    start: async (streams) => ({
      ours: inMilliseconds(loads(streams[length])),
      reference: inMilliseconds(loads(streams.small)),
    }),
  }
}

function inMilliseconds(loading: Contender): Contender {
  return contender(async () => ({ value: (eventsOfLong * 1_000) / (await loading.run()).value }))
}

function loads({ store, longActors }: FilledStream): Contender {
  const next = inTurn(longActors)
  return contender(() =>
    speed(async () => {
      let events = 0
      for (let load = 0; load < loadsPerRun; load++)
        for await (const _ of store.read(next())) events++
      return complete(events, loadsPerRun * eventsOfLong)
    }),
  )
}

function rawLoads({ manager, subjects, longActors }: FilledStream): Contender {
  const next = inTurn(longActors)
  const load = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<number>()
    let events = 0
    await manager.direct.getBatch(subjects.stream, {
      seq: 1,
      next_by_subj: subjects.of(next()),
      batch: eventsOfLong,
      callback: (done, message) => {
        if (done) resolve(events)
        else events += eventsIn(message.data)
      },
    })
    return promise
  }
  return contender(() =>
    speed(async () => {
      let events = 0
      for (let count = 0; count < loadsPerRun; count++) events += await load()
      return complete(events, loadsPerRun * eventsOfLong)
    }),
  )
}

function wholeLog(): Comparison<Streams> {
  return {
    name: 'reading the whole log of 1 M events, against an ordered consumer with JSON',
    unit: 'events/s',
    target: { atLeast: 0.9 },
    start: async ({ large }) => ({
      ours: contender(() => speed(() => readAll(large))),
      reference: contender(() => speed(() => consumeAll(large))),
    }),
  }
}

async function readAll({ store, eventCount }: FilledStream): Promise<number> {
  let events = 0
  for await (const _ of store.readAll()) events++
  return complete(events, eventCount)
}

async function consumeAll({ connection, subjects, eventCount }: FilledStream): Promise<number> {
  const consumer: Consumer = await jetstream(connection).consumers.get(subjects.stream)
  const messages = await consumer.consume({ max_messages: 1_000 })
  let events = 0
  for await (const message of messages) {
    events += eventsIn(message.data)
    if (events === eventCount) break
  }
  await messages.close()
  return events
}

function complete(events: number, expected: number): number {
  if (events === expected) return events
  throw new Error(`read ${events} events, not ${expected}`)
}

function inTurn<T>(values: readonly T[]): () => T {
  let next = 0
  return () => values[next++ % values.length] as T
}
