import {
  type ActorId,
  AetherError,
  type Metadata,
  type NewEvent,
  noMetadata,
} from '../../core/index.ts'
import type { Command, CommandIdentity } from '../deciding/command.ts'
import { decide, stampOf } from '../deciding/decide.ts'
import { makeCommand } from '../deciding/make-command.ts'
import type { ActorModel } from '../definition/model.ts'
import type { LiveActor } from '../live/live-actor.ts'
import { type ActorState, foldDecided } from '../replay/fold.ts'
import type { BoundEvent, Participant } from './participant.ts'

/** One actor of a transaction. */
export interface TransactionActor {
  readonly model: ActorModel
  readonly live: LiveActor
}

/** What all that one attempt of a transaction decides has in common. */
export interface Occasion {
  readonly now: number
  readonly metadata: Metadata
  readonly identity: CommandIdentity | undefined
}

/** What one attempt of a transaction does to one actor. */
export class Share {
  readonly actor: TransactionActor
  readonly before: ActorState
  readonly #occasion: Occasion
  readonly #events: NewEvent[] = []
  /** What the actor's commands decided: the first of its events. */
  readonly #decided: BoundEvent[] = []
  /** How many of them the transaction gave back. */
  #placed = 0
  readonly #thrown = new Set<unknown>()
  #after: ActorState

  constructor(actor: TransactionActor, before: ActorState, occasion: Occasion) {
    this.actor = actor
    this.before = before
    this.#after = before
    this.#occasion = occasion
  }

  get actorId(): ActorId {
    return this.actor.live.actorId
  }

  get after(): ActorState {
    return this.#after
  }

  get events(): readonly NewEvent[] {
    return this.#events
  }

  /** Whether a command of this actor threw that, rather than the function that decides over all. */
  hasThrown(error: unknown): boolean {
    return this.#thrown.has(error)
  }

  /** What the decision gets to see, and to decide with. */
  participant(): Participant {
    const { actorId, actor } = this
    const current = (): ActorState => this.#after
    const decisions = (): Participant['decide'] => this.#decisions()
    return {
      actorId,
      get version() {
        return current().version
      },
      get state() {
        return current().state
      },
      on: Object.fromEntries(
        Object.entries(actor.model.constructors).map(([type, construct]) => [
          type,
          (data: unknown, metadata?: Metadata) => ({ actorId, ...construct(data, metadata) }),
        ]),
      ),
      // Most decisions ask for no command.
      get decide() {
        return decisions()
      },
    }
  }

  /**
   * Takes an event that the decision gave. Those of commands were decided one on the other, so they have to come as
   * they were made, before all others: else a command would have decided on a state that never was.
   * @throws AetherError `invalid-event`, `too-large`, `actor-failed`
   */
  place(event: BoundEvent): void {
    if (event === this.#decided[this.#placed]) {
      this.#placed++
      return
    }
    if (this.#decided.includes(event)) throw this.#misplaced(event)
    this.assertWhole()
    const { type, data, metadata = noMetadata } = event
    const { metadata: common, identity } = this.#occasion
    const stamped = stampOf({ ...common, ...metadata }, identity)
    const step = foldDecided(this.actor.model, this.actorId, this.#after, { type, data }, stamped)
    this.#events.push(step.stored)
    this.#after = step.after
  }

  /** @throws AetherError `invalid-event` where something that a command decided was not given back */
  assertWhole(): void {
    const missing = this.#decided[this.#placed]
    if (missing) throw this.#misplaced(missing)
  }

  #misplaced({ type }: BoundEvent): AetherError {
    const message =
      `a transaction must give what a command of ${this.actorId} decided: all of it, once, in its order, and before ` +
      `other events of this actor; ${type} is missing, or at another place`
    return new AetherError('invalid-event', message)
  }

  #decisions(): Participant['decide'] {
    return Object.fromEntries(
      [...this.actor.model.commands.keys()].map((name) => [
        name,
        (input?: unknown) => this.#decide(name, input),
      ]),
    )
  }

  #decide(name: string, input: unknown): readonly BoundEvent[] {
    const { actorId, actor } = this
    const { now } = this.#occasion
    try {
      const command = this.#command(name, input)
      const { events, after } = decide(actor.model, actorId, this.#after, command, now)
      const bound = events.map(({ type, data }) => ({ actorId, type, data }))
      this.#events.push(...events)
      this.#decided.push(...bound)
      this.#after = after
      return bound
    } catch (error) {
      this.#thrown.add(error)
      throw error
    }
  }

  /** @throws AetherError `invalid-input`; `invalid-definition` where it can't be decided at once */
  #command(name: string, input: unknown): Command {
    const { metadata, identity } = this.#occasion
    const command = makeCommand(this.actor.model, name, input, { metadata })
    if (command instanceof Promise) {
      command.catch(() => undefined)
      throw this.#tooLate(name, 'its input schema answers with a promise')
    }
    const { model } = command
    if (model.prepare) throw this.#tooLate(name, 'it has a preparation')
    // Nobody is replied to.
    return { ...command, model: { ...model, reply: undefined }, identity }
  }

  #tooLate(name: string, why: string): AetherError {
    const message = `a transaction decides at once and can't wait for ${name} of ${this.actorId}: ${why}`
    return new AetherError('invalid-definition', message)
  }
}
