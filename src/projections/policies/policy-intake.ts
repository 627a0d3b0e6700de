import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import { type LogEntry, RecentMap } from '../../store/index.ts'
import { failedEvent, ownerOf } from '../progress/failed-event.ts'
import { markOf } from '../progress/log-mark.ts'
import type { EventIntake } from '../reading/event-intake.ts'
import type { PolicyPart } from './policy-part.ts'
import type { PolicyParts } from './policy-parts.ts'
import type { PolicyWork } from './policy-work.ts'

/** How many events of a part may be taken in ahead of the first that is under way. */
export const maxAhead = 1_000
/** Of how many actors it is remembered which event was taken in last. */
const rememberedActors = 10_000

interface PolicyIntakeContext {
  readonly intake: EventIntake
  readonly work: PolicyWork
  readonly parts: PolicyParts
}

/** Hands the events of a policy's own parts to its work, each once, those of an actor in their order. */
export class PolicyIntake {
  readonly #context: PolicyIntakeContext
  /** The version of the event of an actor that was taken in last. */
  #versions = new RecentMap<ActorId, number>(rememberedActors)

  constructor(context: PolicyIntakeContext) {
    this.#context = context
  }

  /** Takes in what stands next in the log. */
  take(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#takeOne(entry)
    const last = entries.at(-1)
    if (!last) return
    const end = last instanceof MalformedEventError ? last.lastPosition : last.position
    const mark = markOf(entries)
    for (const part of this.#context.parts) part.passTo(end, mark)
  }

  /**
   * Takes in what this node has stored just now, before it is read: of actors whose event before it was
   * taken in already, so that order is kept. All others, and what others store, comes by the log.
   * @returns whether the log has nothing to add
   */
  takeEarly(events: readonly StoredEvent[]): boolean {
    let isAll = true
    for (const event of events) {
      const { actorId, version } = event
      const part = this.#partOf(actorId)
      if (!part) continue
      const isNext = version === 1 || this.#versions.get(actorId) === version - 1
      if (isNext && part.hasRoom(maxAhead)) this.#takeOne(event)
      else isAll = false
    }
    return isAll
  }

  /** Some of what was taken in may have to be read again. */
  forget(): void {
    this.#versions = new RecentMap(rememberedActors)
  }

  #partOf(actorId: ActorId): PolicyPart | undefined {
    const { intake, parts } = this.#context
    const concerned = intake.concerned(actorId)
    return concerned && parts.get(concerned.part)
  }

  #takeOne(entry: LogEntry): void {
    const { intake, work } = this.#context
    const actorId = ownerOf(entry)
    const part = this.#partOf(actorId)
    if (!part?.wants(actorId, entry.position)) return
    try {
      if (entry instanceof MalformedEventError) throw entry
      this.#versions.set(actorId, entry.version)
      const todo = intake.read(entry)
      if (todo) work.add(part, todo)
    } catch (error) {
      work.addMalformed(part, failedEvent(entry), error)
    }
  }
}
