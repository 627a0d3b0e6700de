import {
  isAetherError,
  MalformedEventError,
  messageOf,
  type StoredEvent,
} from '../../core/index.ts'
import type { ActorModel } from '../definition/model.ts'
import { type ActorState, foldStored, initialOf } from '../replay/fold.ts'
import { readStored } from '../replay/stored-event.ts'
import type { Finding } from './finding.ts'

/** Folds one actor as a replay does, but goes on reading where a replay would stop. */
export class FoldCheck {
  readonly #model: ActorModel
  #current: ActorState | undefined

  constructor(model: ActorModel, from: ActorState = initialOf(model)) {
    this.#model = model
    this.#current = from
  }

  /** Undefined once something couldn't be folded. */
  get current(): ActorState | undefined {
    return this.#current
  }

  /** Whether the definition knows events of this name. */
  knows(type: string): boolean {
    return this.#model.events.has(type) || this.#model.retired.has(type)
  }

  /** What comes behind can't be folded any more. */
  stop(): void {
    this.#current = undefined
  }

  /** What is wrong with the event, if anything. */
  take(event: StoredEvent): Finding | undefined {
    try {
      if (this.#current) this.#current = foldStored(this.#model, this.#current, event)
      else readStored(this.#model, event)
      return undefined
    } catch (error) {
      if (!isAetherError(error)) throw error
      this.stop()
      const { actorId, position, version, type } = event
      const isUnreadable = error instanceof MalformedEventError
      const kind = isUnreadable ? 'unreadable-event' : 'failing-fold'
      return { kind, actorId, position, version, type, why: messageOf(error.cause ?? error) }
    }
  }
}
