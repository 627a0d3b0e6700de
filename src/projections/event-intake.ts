import { readStored } from '../actors/index.ts'
import type { StoredEvent } from '../core/index.ts'
import { isOfNobody } from './failed-event.ts'
import type { HandledEvent } from './handled-event.ts'
import type { HandledActor, Handler } from './reader-model.ts'

/** An event that is to be handled. */
export interface Todo {
  readonly event: HandledEvent
  readonly stored: StoredEvent
  readonly handler: Handler
  /** The part of its actor. */
  readonly part: number
}

/** Tells which stored events a reader handles, and reads them as its actors' definitions know them. */
export class EventIntake {
  readonly #actors: ReadonlyMap<string, HandledActor>

  constructor(actors: ReadonlyMap<string, HandledActor>) {
    this.#actors = actors
  }

  /** Whether events of this actor can concern the reader at all: of one that nobody knows, they can. */
  concerns(actorId: string): boolean {
    return isOfNobody(actorId) || this.#actors.has(actorId.slice(0, actorId.indexOf('-')))
  }

  /**
   * Undefined for events without a handler, and retired ones.
   * @throws MalformedEventError where the definition can't read it, or has never heard of it
   */
  read(stored: StoredEvent, part: number): Todo | undefined {
    const { actorId } = stored
    const dash = actorId.indexOf('-')
    const actorType = actorId.slice(0, dash)
    const actor = this.#actors.get(actorType)
    if (!actor) return undefined
    const { model, handlers } = actor
    const name = model.events.get(stored.type)?.name
    const handler = name === undefined ? undefined : handlers.get(name)
    // What nobody handles isn't read, and its schema not asked. But one that the definition doesn't
    // know may be one that is handled, by a name of later: reading it says what is wrong.
    if (name !== undefined && !handler) return undefined
    const current = readStored(model, stored)
    if (!current || !handler) return undefined
    const { id, version, position, time, metadata } = stored
    const key = actorId.slice(dash + 1)
    const { name: type } = current.event
    const { data } = current
    const event = { type, actorType, key, actorId, id, version, position, time, data, metadata }
    return { event, stored, handler, part }
  }
}
