import {
  AetherError,
  type ActorId,
  type Clock,
  isAetherError,
  type Logger,
  MalformedEventError,
  messageOf,
  toJson,
} from '../../core/index.ts'
import type { CommitLog } from '../commit-log.ts'
import { wholeNumber } from '../reading/reading.ts'
import type { SnapshotShelf } from './snapshot-shelf.ts'
import {
  decodeHead,
  decodeSnapshot,
  encodeSnapshot,
  type KeptSnapshot,
  type SnapshotHead,
} from './snapshot-text.ts'
import type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshot.ts'

export interface SnapshotsContext {
  readonly shelf: SnapshotShelf
  /** The events that the snapshots are of. */
  readonly log: CommitLog
  readonly clock: Clock
  readonly logger: Logger
}

/** The semantics of snapshots, over any backend's {@link SnapshotShelf}. */
export class Snapshots {
  readonly #context: SnapshotsContext
  readonly #saving = new Set<Promise<boolean>>()

  constructor(context: SnapshotsContext) {
    this.#context = context
  }

  /**
   * Whatever is wrong with a snapshot is told to the logger, and only costs replaying the events.
   * @throws AetherError `invalid-argument`, `closed`; the signal's reason.
   */
  async load(actorId: ActorId, options: LoadSnapshotOptions): Promise<Snapshot | undefined> {
    const { shape, signal } = options
    checkShape(shape)
    const maxVersion = wholeNumber('maxVersion', options.maxVersion ?? Infinity, 0)
    signal?.throwIfAborted()
    try {
      const kept = await this.#find(actorId, signal)
      if (kept?.shape !== shape || kept.version > maxVersion) return undefined
      if (!(await this.#isOfThisHistory(kept, signal)))
        throw new Error(`it is of a history whose version ${kept.version} is not in the log`)
      const { eventId: _, ...snapshot } = kept
      return snapshot
    } catch (thrown) {
      signal?.throwIfAborted()
      if (isAetherError(thrown) && thrown.code === 'closed') throw thrown
      const message = `the snapshot of ${actorId} is not used: ${messageOf(thrown)}`
      this.#context.logger.warn({ actorId }, message)
      return undefined
    }
  }

  /**
   * @param signal counts before anything is kept
   * @throws AetherError `invalid-argument`, `invalid-json`, `too-large`, and what the shelf throws; the signal's
   * reason
   */
  async save(
    actorId: ActorId,
    snapshot: NewSnapshot,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const saving = this.#save(actorId, snapshot, signal)
    this.#saving.add(saving)
    return saving.finally(() => this.#saving.delete(saving))
  }

  /**
   * The version of the actor's snapshot, whatever its shape, also of one that was saved a moment ago; undefined
   * where there is none that a load would believe.
   */
  async keptVersion(
    actorId: ActorId,
    signal: AbortSignal | undefined,
  ): Promise<number | undefined> {
    const { shelf } = this.#context
    const text = await (shelf.loadNewest?.(actorId) ?? shelf.load(actorId, signal))
    const kept = text === undefined ? undefined : readable(text, actorId)
    return kept && (await this.#isBelieved(kept, signal)) ? kept.version : undefined
  }

  /** Waits for the saves under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#saving)
    await this.#context.shelf.close()
  }

  async #save(
    actorId: ActorId,
    { version, state, shape, eventId: known }: NewSnapshot,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { shelf, clock } = this.#context
    const offered = {
      actorId,
      version: checkVersion(version),
      state: toJson(state),
      shape: checkShape(shape),
      time: new Date(clock.now()).toISOString(),
    }
    signal?.throwIfAborted()
    const eventId = checkEventId(known) ?? (await this.#eventIdAt(actorId, version, signal))
    if (eventId === undefined) throw withoutEvent(actorId, version)
    signal?.throwIfAborted()
    const offer = { text: encodeSnapshot({ ...offered, eventId }), version }
    const isBehind = (current: string | undefined): boolean => isOlder(current, offered)
    if (await shelf.save(actorId, offer, isBehind)) return true
    // What stands in its way may be of a history that is no more, and would stay there for long.
    const foreign = await this.#foreignTo(actorId)
    if (foreign === undefined) return false
    return shelf.save(actorId, offer, (current) => current === foreign || isBehind(current))
  }

  async #find(
    actorId: ActorId,
    signal: AbortSignal | undefined,
  ): Promise<KeptSnapshot | undefined> {
    const text = await this.#context.shelf.load(actorId, signal)
    return text === undefined ? undefined : decodeSnapshot(text, actorId)
  }

  /** The text on the shelf, where the log has another event in its place, or none. */
  async #foreignTo(actorId: ActorId): Promise<string | undefined> {
    const text = await this.#context.shelf.load(actorId, undefined)
    const kept = text === undefined ? undefined : readable(text, actorId)
    return kept && !(await this.#isOfThisHistory(kept, undefined)) ? text : undefined
  }

  /**
   * False after the log was set back, say to a backup from before the snapshot: also when it has
   * grown beyond that version again.
   */
  async #isOfThisHistory(
    { actorId, version, eventId }: SnapshotHead,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    return (await this.#eventIdAt(actorId, version, signal)) === eventId
  }

  /** Not where its event can't be read, so that it can't be told. */
  async #isBelieved(kept: SnapshotHead, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return await this.#isOfThisHistory(kept, signal)
    } catch (thrown) {
      if (thrown instanceof MalformedEventError) return false
      throw thrown
    }
  }

  async #eventIdAt(
    actorId: ActorId,
    version: number,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const range = { first: version, last: version, direction: 'forwards', limit: 1 } as const
    for await (const [entry] of this.#context.log.read(actorId, range, signal)) {
      if (entry instanceof MalformedEventError) throw entry
      if (entry) return entry.id
    }
    return undefined
  }
}

/** Whether the text gives way to this snapshot, as nothing and what can't be read always do. */
function isOlder(
  text: string | undefined,
  { actorId, version, shape }: Omit<Snapshot, 'state'>,
): boolean {
  const kept = text === undefined ? undefined : readable(text, actorId)
  if (!kept || kept.version < version) return true
  return kept.version === version && kept.shape !== shape
}

function readable(text: string, actorId: ActorId): SnapshotHead | undefined {
  try {
    return decodeHead(text, actorId)
  } catch {
    return undefined
  }
}

function checkVersion(version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version
  throw new AetherError(
    'invalid-argument',
    `the version of a snapshot must be a whole number from 1, not ${String(version)}`,
  )
}

function checkShape(shape: string): string {
  const isText = typeof shape === 'string' && shape !== '' && shape.length <= 200
  if (isText && shape.isWellFormed()) return shape
  throw new AetherError(
    'invalid-argument',
    `the shape of a snapshot must be 1 to 200 characters of Unicode text, not ${JSON.stringify(shape)?.slice(0, 60)}`,
  )
}

function checkEventId(id: string | undefined): string | undefined {
  if (id === undefined || (typeof id === 'string' && id !== '')) return id
  const message = `the id of the event of a snapshot must be text, not ${JSON.stringify(id)}`
  throw new AetherError('invalid-argument', message)
}

function withoutEvent(actorId: ActorId, version: number): AetherError {
  return new AetherError(
    'invalid-argument',
    `${actorId} has no event of version ${version}: a snapshot is of an event that is stored`,
  )
}
