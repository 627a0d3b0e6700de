import { hash } from 'node:crypto'
import {
  type ActorDefinition,
  type ActorHost,
  type ActorIdentity,
  actorIdOf,
  type ActorRef,
  ActorRefs,
  type CommandOptions,
  type CommandResult,
  type DeliveryOptions,
  type LookOptions,
  type Onlooker,
  type Participant,
  type References,
  type ReminderSettings,
  type ReminderTime,
  type Reminders,
  type StateAt,
  type Since,
  type TellOptions,
  type TransactionContext,
  type TransactionDecision,
  type TransactionOptions,
} from '../../actors/index.ts'
import { type ActorId, type Metadata, metadataFrom } from '../../core/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import type { ReactionOptions } from './policy-context.ts'
import { Undertakings } from './undertakings.ts'

/** The actors that a policy can reach: those of its node. */
export interface Reach {
  readonly host: Pick<ActorHost, 'send' | 'transact'> & {
    readonly onlooker: Pick<Onlooker, 'look' | 'query'>
  }
  readonly reminders: Pick<Reminders, 'tell' | 'schedule' | 'unschedule'>
  /** Whether what is asked of them may have been asked before: it is looked for then. @default false */
  readonly isAgain?: boolean
}

/** Which event is handled, by which policy. */
export interface Occasion {
  readonly policy: string
  readonly event: Pick<HandledEvent, 'actorId' | 'id' | 'metadata' | 'position'>
  readonly signal: AbortSignal
}

/** A policy reads for as long as the store tries: that it was away must not be told as a failure of the event. */
const untimed = { timeoutMs: Infinity } as const

type Target = ActorIdentity<ActorDefinition>
type Cause = readonly [policy: string, actorId: ActorId, eventId: string]
/** What every step is said to be. */
interface Named extends Pick<DeliveryOptions, 'since'> {
  readonly commandId: string
  readonly metadata: Metadata
}

type Step = 'send' | 'tell' | 'schedule' | 'transact'

/**
 * What a policy does about one event, its types forgotten: a `PolicyContext`. What it can do are functions
 * of its own, so that a handler may take them out: `(event, { get }) => …`.
 */
export class Reaction {
  readonly name: string
  readonly metadata: Metadata
  readonly #reach: Reach
  readonly #signal: AbortSignal
  readonly #cause: Cause
  /** Behind its cause, if it may be there already. */
  readonly #since: Since | undefined
  /** How many such steps there were. */
  readonly #taken = new Map<string, number>()
  readonly #undertakings = new Undertakings()
  #refs: ActorRefs | undefined
  #reachesOut = false

  constructor(reach: Reach, { policy, event, signal }: Occasion) {
    this.#reach = reach
    this.#cause = causeOf(policy, event)
    this.#since = reach.isAgain ? { position: event.position } : undefined
    this.name = policy
    this.#signal = signal
    this.metadata = metadataFrom(event)
  }

  get idempotencyKey(): string {
    this.#reachesOut = true
    return keyOf(this.#cause)
  }

  get signal(): AbortSignal {
    this.#reachesOut = true
    return this.#signal
  }

  /**
   * Whether all that was done would do nothing if it were done again: it sent commands, which have ids,
   * and used nothing that is for what is outside.
   */
  get isHarmless(): boolean {
    return this.#taken.size > 0 && !this.#reachesOut
  }

  /**
   * Lets a handler do what it does: resolves when all that it asked for is done, whether or not it waits.
   * @throws what it throws, or what failed of that
   */
  async carryOut(handle: () => unknown): Promise<void> {
    try {
      await handle()
    } catch (thrown) {
      // It is tried again only when nothing of this try is under way any more.
      await this.#undertakings.done().catch(() => undefined)
      throw thrown
    }
    await this.#undertakings.done()
  }

  readonly get = (definition: ActorDefinition, key: string): ActorRef<ActorDefinition> => {
    const { host } = this.#reach
    this.#refs ??= new ActorRefs({
      send: (id, command, input, options) =>
        this.#begin(() => this.#send(id, command, input, options)),
      onlooker: {
        query: (id, name, input, options) =>
          this.#begin(() => host.onlooker.query(id, name, input, { ...untimed, ...options })),
      },
    })
    return this.#refs.make(definition, definition.model.idOf(key))
  }

  readonly tell = (
    actor: Target,
    command: string,
    input?: unknown,
    options: Omit<TellOptions, 'commandId'> = {},
  ): Promise<string> =>
    this.#begin(async () => {
      const id = actorIdOf(actor)
      const named = this.#named('tell', id, command, options)
      return this.#reach.reminders.tell(id, command, input, named)
    })

  readonly schedule = (
    actor: Target,
    command: string,
    input: unknown,
    options: Omit<ReminderSettings, 'commandId'> & ReminderTime,
  ): Promise<string> =>
    this.#begin(async () => {
      const id = actorIdOf(actor)
      const named = this.#named('schedule', id, command, options)
      return this.#reach.reminders.schedule(id, command, input, named)
    })

  readonly unschedule = (actor: Target, name: string): Promise<boolean> =>
    this.#begin(async () => this.#reach.reminders.unschedule(actorIdOf(actor), name))

  readonly state = (actor: Target, options: LookOptions = {}): Promise<StateAt> =>
    this.#begin(() => this.#reach.host.onlooker.look(actorIdOf(actor), { ...untimed, ...options }))

  readonly transact = (
    actors: References,
    decide: (
      participants: readonly Participant[],
      context: TransactionContext,
    ) => TransactionDecision,
    options: ReactionOptions & Pick<TransactionOptions, 'name'> = {},
  ): Promise<CommandResult[]> =>
    this.#begin(async () => {
      const ids = actors.map(actorIdOf)
      const named = this.#named('transact', ids.join('\n'), '', options)
      return this.#reach.host.transact(ids, decide, { signal: this.#signal, ...named })
    })

  #begin<T>(step: () => Promise<T>): Promise<T> {
    return this.#undertakings.begin(step())
  }

  async #send(
    id: ActorId,
    command: string,
    input: unknown,
    options: ReactionOptions = {},
  ): Promise<CommandResult> {
    const named = this.#named('send', id, command, options)
    return this.#reach.host.send(id, command, input, { signal: this.#signal, ...named })
  }

  /** The options with an id that is the same whenever this event leads to this step. */
  #named<O extends Pick<CommandOptions, 'metadata'>>(
    step: Step,
    target: string,
    command: string,
    options: O,
  ): O & Named {
    const such = JSON.stringify([step, target, command])
    const before = this.#taken.get(such) ?? 0
    this.#taken.set(such, before + 1)
    const commandId = `${this.name}:${digestOf([...this.#cause, such, before])}`
    const metadata = { ...this.metadata, ...options.metadata }
    return { ...options, commandId, metadata, since: this.#since }
  }
}

/** The same whenever this policy handles this event. */
export function idempotencyKeyOf(policy: string, event: Occasion['event']): string {
  return keyOf(causeOf(policy, event))
}

function causeOf(policy: string, event: Occasion['event']): Cause {
  return [policy, event.actorId, event.id]
}

function keyOf(cause: Cause): string {
  return `${cause[0]}:${digestOf(cause)}`
}

function digestOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 32)
}
