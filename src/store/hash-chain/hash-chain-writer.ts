import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import { ActorTurns } from '../append/actor-turns.ts'
import {
  type Commit,
  type CommitPart,
  type Expectation,
  firstVersionOf,
  isGuard,
  isMet,
} from '../append/commit.ts'
import type { CommitLog, WriteOutcome } from '../commit-log.ts'
import { RecentMap } from '../recent-map.ts'
import { chainHash, hashName, withoutHash } from './hash-chain.ts'

/** The newest event of an actor, as far as the next one's hash needs it. */
interface Head {
  readonly version: number
  readonly hash: string | undefined
}

const noHead: Head = { version: 0, hash: undefined }

/** How often a commit is tried that somebody else's writes come before. */
const maxTries = 100

const newestOnly = { first: 1, last: Infinity, direction: 'backwards', limit: 1 } as const

/**
 * Puts into each event's metadata the hash of what it says and of the actor's event before it. So each
 * commit must stand right behind the events that it was made for: it is written for that version
 * alone, and made anew where another came first.
 */
export class HashChainWriter {
  readonly #log: CommitLog
  readonly #turns = new ActorTurns()
  readonly #heads: RecentMap<ActorId, Head>

  /** Of so many actors the newest hash is remembered, which spares reading it. */
  constructor(log: CommitLog, rememberedHeads: number) {
    this.#log = log
    this.#heads = new RecentMap(rememberedHeads)
  }

  /** As the log's own; those to the same actor go one after the other. */
  write(commit: Commit): Promise<WriteOutcome> {
    const actorIds = commit.parts.map(({ actorId }) => actorId)
    return this.#turns.runAll(actorIds, () => this.#writeInTurn(commit))
  }

  async #writeInTurn(commit: Commit): Promise<WriteOutcome> {
    const remembered = commit.parts.map((part) => this.#remembered(part))
    let outcome = remembered.every((head) => head !== undefined)
      ? await this.#writeBehind(commit, remembered)
      : undefined
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      if (outcome && isFinal(commit, outcome)) return outcome
      const heads = await Promise.all(commit.parts.map((part) => this.#head(part)))
      outcome = conflictWith(commit, heads) ?? (await this.#writeBehind(commit, heads))
    }
    return outcome as WriteOutcome
  }

  /** What fits the part: whether it still holds, the log decides. */
  #remembered(part: CommitPart): Head | undefined {
    if (isGuard(part)) return headOfGuard(part)
    const head = this.#heads.get(part.actorId) ?? (part.expected === 0 ? noHead : undefined)
    return head && isMet(part, head.version) ? head : undefined
  }

  /** @throws MalformedEventError where the newest event can't be read: nothing can be chained to it. */
  async #head(part: CommitPart): Promise<Head> {
    if (isGuard(part)) return headOfGuard(part)
    for await (const [newest] of this.#log.read(part.actorId, newestOnly, undefined)) {
      if (newest instanceof MalformedEventError) throw newest
      if (newest) return headOf(newest)
    }
    return noHead
  }

  async #writeBehind(commit: Commit, heads: readonly Head[]): Promise<WriteOutcome> {
    const parts = commit.parts.map((part, index) => chained(commit, part, heads[index] as Head))
    const outcome = await this.#log.write({ ...commit, parts })
    for (const [index, { actorId }] of commit.parts.entries()) {
      const newest = outcome.ok ? outcome.parts[index]?.at(-1) : undefined
      if (newest) this.#heads.set(actorId, headOf(newest))
      else if (!outcome.ok) this.#heads.delete(actorId)
    }
    return outcome
  }
}

/** The part for this head alone, its events with their hashes. */
function chained({ time }: Commit, part: CommitPart, head: Head): CommitPart {
  const { actorId } = part
  const first = firstVersionOf(part, head.version)
  let previous = head.hash
  const events = part.events.map((event, index) => {
    const version = first + index
    previous = chainHash(previous, { time, ...event, actorId, version })
    const metadata = Object.freeze({ ...withoutHash(event.metadata), [hashName]: previous })
    return { ...event, metadata }
  })
  return { ...part, events, expected: exactly(part.expected, head.version) }
}

function exactly(expected: Expectation, version: number): Expectation {
  return typeof expected === 'object' ? { ...expected, at: version } : version
}

/** Whether the caller is to be told: a conflict with what the caller expected, not with a head. */
function isFinal({ parts }: Commit, outcome: WriteOutcome): boolean {
  return outcome.ok || !isMet(parts[outcome.partIndex] as CommitPart, outcome.currentVersion)
}

function conflictWith({ parts }: Commit, heads: readonly Head[]): WriteOutcome | undefined {
  const partIndex = parts.findIndex((part, index) => !isMet(part, heads[index]?.version ?? 0))
  const head = heads[partIndex]
  return head && { ok: false, partIndex, currentVersion: head.version }
}

/** Nothing is chained to it: what it demands, the log compares. */
function headOfGuard({ expected }: CommitPart): Head {
  return { version: Number(expected), hash: undefined }
}

function headOf({ version, metadata }: StoredEvent): Head {
  return { version, hash: metadata[hashName] }
}
