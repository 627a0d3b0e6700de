import type { ActorId } from 'aether'
import type { FinalLog } from './final-log.ts'
import type { Instant, Seen } from './history.ts'
import { isRead, isWrite, type Operation } from './operations.ts'
import { Rising } from './rising.ts'

/** What anybody could know at each time: whatever was acknowledged, or shown by a read. */
export class Knowledge {
  readonly #versions = new Map<ActorId, Rising>()
  readonly #position = new Rising()
  /** When the first write that could store the event was begun. */
  readonly #begun = new Map<string, Instant>()

  constructor(operations: readonly Operation[], log: FinalLog) {
    for (const operation of operations.filter(isWrite)) {
      const { at, end, outcome, parts } = operation
      for (const id of parts.flatMap((part) => part.ids)) {
        this.#begun.set(id, Math.min(at, this.#begun.get(id) ?? Infinity))
      }
      if (outcome.is !== 'stored') continue
      for (const [index, { actorId }] of parts.entries()) {
        for (const [version, position] of outcome.parts[index] ?? [])
          this.#learn(end, actorId, version, position)
      }
    }
    for (const { of, outcome, end } of operations.filter(isRead)) {
      if (outcome.is === 'version' && of.what === 'version')
        this.#versionsOf(of.actorId).learn(end, outcome.version)
      if (outcome.is === 'events') this.#learnSeen(end, outcome.events, log)
    }
  }

  /** The least version that the actor had for certain at this time. */
  versionBefore(at: Instant, actorId: ActorId): number {
    return this.#versionsOf(actorId).before(at)
  }

  /** From when on the actor had at least this version for certain; Infinity if never. */
  versionSince(version: number, actorId: ActorId): Instant {
    return version === 0 ? -Infinity : this.#versionsOf(actorId).since(version)
  }

  /** The greatest position that was taken for certain at this time. */
  positionBefore(at: Instant): number {
    return this.#position.before(at)
  }

  /** Before this time the event can't have been there; Infinity where nobody wrote it. */
  begun(id: string): Instant {
    return this.#begun.get(id) ?? Infinity
  }

  #learnSeen(end: Instant, events: readonly Seen[], log: FinalLog): void {
    for (const [id, version, position] of events) {
      const actorId = log.withId(id)[0]?.actorId
      if (actorId) this.#learn(end, actorId, version, position)
    }
  }

  #learn(at: Instant, actorId: ActorId, version: number, position: number): void {
    this.#versionsOf(actorId).learn(at, version)
    this.#position.learn(at, position)
  }

  #versionsOf(actorId: ActorId): Rising {
    const known = this.#versions.get(actorId) ?? new Rising()
    this.#versions.set(actorId, known)
    return known
  }
}
