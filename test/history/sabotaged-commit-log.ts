import { AetherError } from '../../src/core/index.ts'
import type { MemoryCommitLog } from '../../src/backends/memory/memory-commit-log.ts'
import {
  type Commit,
  type CommitLog,
  type CommitPart,
  firstVersionOf,
  type LogEntry,
  type LogRange,
  placePart,
  type VersionRange,
  type WriteOutcome,
} from '../../src/store/index.ts'

/** Ways in which a store can break its promises. Each does so at times. */
export type Sabotage = keyof typeof sabotagedWrites | keyof typeof sabotagedReads

type SabotagedWrite = (log: MemoryCommitLog, commit: Commit) => WriteOutcome | Promise<WriteOutcome>

const sabotagedWrites = {
  /** Stores behind whatever is there. */
  dropsExpectation: (log, commit) =>
    log.write({ ...commit, parts: commit.parts.map((part) => ({ ...part, expected: 'any' })) }),
  /** Acknowledges what it has not stored. */
  losesAcknowledged: async (log, commit) => ({
    ok: true,
    parts: await Promise.all(
      commit.parts.map(async (part) => {
        const version = firstVersionOf(part, await log.latestVersion(part.actorId))
        return placePart(commit, part, version, (index) => 1_000_000 + index)
      }),
    ),
  }),
  /** Stores again what it has stored, as after a time-out. */
  storesTwice: async (log, commit) => {
    const outcome = log.write(commit)
    if (outcome.ok) sabotagedWrites.dropsExpectation(log, commit)
    return outcome
  },
  /** Reports a conflict without having looked. */
  refusesForNothing: async (log, commit) => {
    const [first] = commit.parts as [CommitPart]
    const currentVersion = await log.latestVersion(first.actorId)
    const isRight = first.expected === currentVersion
    return isRight ? { ok: false, partIndex: 0, currentVersion } : log.write(commit)
  },
  /** Reports a version that never was. */
  inventsVersions: async (log, commit) => {
    const outcome = log.write(commit)
    return outcome.ok ? outcome : { ...outcome, currentVersion: outcome.currentVersion + 5 }
  },
  /** Says that nothing was stored, after having stored. */
  deniesStored: async (log, commit) => {
    log.write(commit)
    throw new AetherError('store-unavailable', 'nothing was stored')
  },
  /** Stores one part of a commit. */
  tearsCommits: async (log, commit) => {
    log.write({ ...commit, parts: commit.parts.slice(0, 1) })
    throw new AetherError('outcome-unknown', 'the connection was lost')
  },
  /** Fails as no store may. */
  breaksDown: () => Promise.reject(new TypeError('undefined is not a function')),
} as const satisfies Record<string, SabotagedWrite>

const sabotagedReads = {
  /** Does not show the newest event. */
  readsStale: (entries) => entries.slice(0, -1),
  /** Shows an event that is not there. */
  readsDirty: (entries) => {
    const [last] = entries.slice(-1)
    return last && 'version' in last
      ? [
          ...entries,
          { ...last, id: 'ghost', version: last.version + 1, position: last.position + 1 },
        ]
      : entries
  },
  /** Shows two events in the wrong order. */
  readsDisordered: (entries) => [...entries.slice(-2).toReversed(), ...entries.slice(0, -2)],
} as const satisfies Record<string, (entries: readonly LogEntry[]) => readonly LogEntry[]>

const subscriptionSabotages = ['leavesOut', 'repeats'] as const
export type SubscriptionSabotage = (typeof subscriptionSabotages)[number]

export const sabotages: readonly (Sabotage | SubscriptionSabotage)[] = [
  ...(Object.keys(sabotagedWrites) as Sabotage[]),
  ...(Object.keys(sabotagedReads) as Sabotage[]),
  ...subscriptionSabotages,
]

/** Every how many calls it does the wrong thing. */
const period = 7

/** A log in memory that does what it must not do, at times: what a checker has to notice. */
export class SabotagedCommitLog implements CommitLog {
  readonly #log: MemoryCommitLog
  readonly #sabotage: Sabotage | SubscriptionSabotage
  #calls = 0

  constructor(log: MemoryCommitLog, sabotage: Sabotage | SubscriptionSabotage) {
    this.#log = log
    this.#sabotage = sabotage
  }

  async write(commit: Commit): Promise<WriteOutcome> {
    const write = Object.entries(sabotagedWrites).find(([name]) => name === this.#sabotage)?.[1]
    return write && this.#isDue() ? write(this.#log, commit) : this.#log.write(commit)
  }

  latestVersion(...[actorId]: Parameters<CommitLog['latestVersion']>): Promise<number> {
    return this.#log.latestVersion(actorId)
  }

  lastPosition(): Promise<number> {
    return this.#log.lastPosition()
  }

  remaining(position: number): Promise<number> {
    return this.#log.remaining(position)
  }

  async *read(
    ...[actorId, range]: Parameters<CommitLog['read']>
  ): AsyncGenerator<readonly LogEntry[]> {
    const entries = (await Array.fromAsync(this.#log.read(actorId, range))).flat()
    yield this.#altered(entries, range)
  }

  async *readAll(range: LogRange): AsyncGenerator<readonly LogEntry[]> {
    const entries = (await Array.fromAsync(this.#log.readAll(range))).flat()
    const isLive = range.limit === Infinity && entries.length > 1 && range.after > 0
    if (isLive && this.#sabotage === 'leavesOut' && this.#isDue()) yield entries.slice(1)
    else if (isLive && this.#sabotage === 'repeats' && this.#isDue())
      yield [entries[0] as LogEntry, ...entries]
    else yield entries
  }

  watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#log.watch(wake)
  }

  beginClosing(): void {}

  async close(): Promise<void> {}

  #altered(entries: readonly LogEntry[], { direction }: VersionRange): readonly LogEntry[] {
    const alter = Object.entries(sabotagedReads).find(([name]) => name === this.#sabotage)?.[1]
    if (!alter || direction === 'backwards' || entries.length < 2 || !this.#isDue()) return entries
    return alter(entries)
  }

  #isDue(): boolean {
    return ++this.#calls % period === 0
  }
}
