import {
  type ActorId,
  type Appended,
  type Conflicted,
  type EventStore,
  isAetherError,
  type StoredEvent,
} from 'aether'
import {
  type HistoryRecord,
  now,
  type Outcome,
  type ReadSubject,
  type Seen,
  type WritePart,
} from './history.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

export interface HistoryClientOptions {
  readonly store: EventStore
  readonly actors: readonly ActorId[]
  readonly random: SeededRandom
  /** Begins the names of its calls and events. Unique among all clients. */
  readonly name: string
  record(record: HistoryRecord): void
}

/** Which reads, and how often each. */
const reads = [
  ...Array<'tail'>(5).fill('tail'),
  ...Array<'newest'>(2).fill('newest'),
  ...Array<'version'>(2).fill('version'),
  ...Array<'log'>(2).fill('log'),
  'whole',
] as const

/** Asks a store for this and that, and notes down each question and each answer. */
export class HistoryClient {
  readonly #options: HistoryClientOptions
  /** The versions that the actors were at when it last heard of them. */
  readonly #versions = new Map<ActorId, number>()
  #position = 0
  #calls = 0
  #events = 0

  constructor(options: HistoryClientOptions) {
    this.#options = options
  }

  /** One write or read. */
  async step(): Promise<void> {
    const { random, actors } = this.#options
    if (random.chance(0.35)) return this.#read(this.#anyRead())
    const actor = random.pick(actors)
    const other = random.chance(0.2) ? random.pick(actors) : actor
    const parts = [actor, other].slice(0, other === actor ? 1 : 2).map((id) => this.#part(id))
    const outcome = await this.write(parts)
    // As the documentation advises; and where nothing was stored, the same ids serve as well.
    const isOpen = outcome.is === 'unknown' || outcome.is === 'unavailable'
    if (isOpen && random.chance(0.7)) await this.write(parts)
    if (outcome.is === 'conflict' && random.chance(0.7))
      await this.write(parts.map((part) => this.#part(part.actorId)))
  }

  /** Writes the parts: one by an append, several by a commit. */
  async write(parts: readonly WritePart[]): Promise<Outcome> {
    const { record, store } = this.#options
    const call = this.#newCall()
    const appends = parts.map(({ actorId, expected, ids }) => ({
      actorId,
      expectedVersion: expected,
      events: ids.map((id) => ({ id, type: 'Noted', data: id })),
    }))
    record({ kind: 'write', call, at: now(), parts })
    const outcome = await outcomeOf(async () => {
      const [only] = appends
      const result = await (only && appends.length === 1
        ? store.append(only.actorId, only.events, only)
        : store.commit(appends))
      if (!result.ok) return conflict(result)
      const stored = 'appends' in result ? result.appends : [result]
      return { is: 'stored', parts: stored.map(placesOf) }
    })
    record({ kind: 'answer', call, at: now(), outcome })
    this.#learnFromWrite(parts, outcome)
    return outcome
  }

  #part(actorId: ActorId): WritePart {
    const { random, name } = this.#options
    const known = this.#versions.get(actorId) ?? 0
    const chance = random.next()
    // Now and then a version that is too high or too low, on purpose.
    const guess = chance < 0.85 ? known : Math.max(0, known + random.below(5) - 2)
    const count = random.chance(0.7) ? 1 : 1 + random.below(4)
    const ids = Array.from({ length: count }, () => `${name}-${++this.#events}`)
    return { actorId, expected: chance > 0.95 ? 'any' : guess, ids }
  }

  #anyRead(): ReadSubject {
    const { random, actors } = this.#options
    const actorId = random.pick(actors)
    switch (random.pick(reads)) {
      case 'tail':
        return {
          what: 'events',
          actorId,
          first: Math.max(1, this.#known(actorId) - random.below(50)),
        }
      case 'newest':
        return { what: 'newest', actorId, limit: 1 + random.below(40) }
      case 'version':
        return { what: 'version', actorId }
      case 'log':
        return { what: 'log', after: this.#position, limit: 1 + random.below(200) }
      default:
        return { what: 'events', actorId, first: 1 }
    }
  }

  #known(actorId: ActorId): number {
    return this.#versions.get(actorId) ?? 0
  }

  async #read(of: ReadSubject): Promise<void> {
    const { record } = this.#options
    const call = this.#newCall()
    record({ kind: 'read', call, at: now(), of })
    const outcome = await outcomeOf(() => this.#ask(of))
    record({ kind: 'answer', call, at: now(), outcome })
    if (outcome.is === 'version' && of.what !== 'log') this.#learn(of.actorId, outcome.version)
    if (outcome.is !== 'events') return
    if (of.what === 'log') this.#position = outcome.events.at(-1)?.[2] ?? this.#position
    else for (const [, version] of outcome.events) this.#learn(of.actorId, version)
  }

  async #ask(of: ReadSubject): Promise<Outcome> {
    const { store } = this.#options
    switch (of.what) {
      case 'version':
        return { is: 'version', version: await store.latestVersion(of.actorId) }
      case 'events':
        return {
          is: 'events',
          events: await seenIn(store.read(of.actorId, { fromVersion: of.first })),
        }
      case 'newest': {
        const { actorId, limit } = of
        return {
          is: 'events',
          events: await seenIn(store.read(actorId, { direction: 'backwards', limit })),
        }
      }
      case 'log':
        return { is: 'events', events: await seenIn(store.readAll(of)) }
    }
  }

  #newCall(): string {
    return `${this.#options.name}:${++this.#calls}`
  }

  #learnFromWrite(parts: readonly WritePart[], outcome: Outcome): void {
    if (outcome.is === 'conflict') this.#versions.set(outcome.actorId, outcome.current)
    if (outcome.is !== 'stored') return
    for (const [index, { actorId }] of parts.entries())
      this.#learn(actorId, outcome.parts[index]?.at(-1)?.[0] ?? 0)
  }

  #learn(actorId: ActorId, version: number): void {
    this.#versions.set(actorId, Math.max(this.#known(actorId), version))
  }
}

async function outcomeOf(ask: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await ask()
  } catch (error) {
    const code = isAetherError(error) ? error.code : ''
    if (code === 'outcome-unknown') return { is: 'unknown' }
    if (code === 'store-unavailable') return { is: 'unavailable' }
    return { is: 'failed', error: `${code} ${String(error)}` }
  }
}

function conflict({ conflict: { actorId, expectedVersion, currentVersion } }: Conflicted): Outcome {
  return { is: 'conflict', actorId, expected: expectedVersion, current: currentVersion }
}

function placesOf({ events }: Appended): (readonly [number, number])[] {
  return events.map(({ version, position }) => [version, position])
}

async function seenIn(events: AsyncIterable<StoredEvent>): Promise<Seen[]> {
  return Array.fromAsync(events, ({ id, version, position }): Seen => [id, version, position])
}
