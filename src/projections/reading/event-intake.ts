import { readStored } from '../../actors/index.ts'
import type { ActorId, StoredEvent } from '../../core/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import type { HandledActor, Handler, ReaderModel } from '../definition/reader-model.ts'
import { isOfNobody } from '../progress/failed-event.ts'
import { partOf } from '../progress/part.ts'

/** An event that is to be handled. */
export interface Todo {
  readonly event: HandledEvent
  readonly stored: StoredEvent
  readonly handler: Handler
  /** The part of its actor. */
  readonly part: number
}

/** An actor as a reader knows it. */
export interface Concerned {
  readonly actorId: ActorId
  /** The type and a dash, which no type has in it. */
  readonly prefix: string
  readonly actorType: string
  readonly key: string
  readonly actor: HandledActor | undefined
  /** The part that it belongs to. */
  readonly part: number
}

/** Tells which stored events a reader handles, and reads them as its actors' definitions know them. */
export class EventIntake {
  readonly #actors: ReadonlyMap<string, HandledActor>
  readonly #parts: number
  /** Events of one actor often come one after the other. */
  #last: Concerned | undefined

  constructor({ actors, options }: ReaderModel) {
    this.#actors = actors
    this.#parts = options.parts
  }

  /**
   * The actor, where its events can concern the reader at all: those of one that nobody knows can.
   */
  concerned(actorId: ActorId): Concerned | undefined {
    const last = this.#last
    if (last?.actorId === actorId) return last
    // Cutting the type out and looking it up costs more than to see that it is the same.
    const { prefix, actorType, actor } =
      last && actorId.startsWith(last.prefix) ? last : this.#typeOf(actorId)
    if (!actor && !isOfNobody(actorId)) return undefined
    const part = partOf(actorId, this.#parts)
    const key = actorId.slice(prefix.length)
    this.#last = { actorId, prefix, actorType, key, actor, part }
    return this.#last
  }

  #typeOf(actorId: ActorId): Pick<Concerned, 'prefix' | 'actorType' | 'actor'> {
    const dash = actorId.indexOf('-')
    const actorType = actorId.slice(0, dash)
    return { prefix: `${actorType}-`, actorType, actor: this.#actors.get(actorType) }
  }

  /**
   * Undefined for events without a handler, and retired ones.
   * @throws MalformedEventError where the definition can't read it, or has never heard of it
   */
  read(stored: StoredEvent): Todo | undefined {
    const concerned = this.concerned(stored.actorId)
    if (!concerned?.actor) return undefined
    const { actorType, key, part } = concerned
    const { model, handlers } = concerned.actor
    const name = model.events.get(stored.type)?.name
    const handler = name === undefined ? undefined : handlers.get(name)
    // What nobody handles isn't read, and its schema not asked. But one that the definition doesn't
    // know may be one that is handled, by a name of later: reading it says what is wrong.
    if (name !== undefined && !handler) return undefined
    const current = readStored(model, stored)
    if (!current || !handler) return undefined
    const { actorId, id, version, position, time, metadata } = stored
    const { name: type } = current.event
    const { data } = current
    const event = { type, actorType, key, actorId, id, version, position, time, data, metadata }
    return { event, stored, handler, part }
  }
}
