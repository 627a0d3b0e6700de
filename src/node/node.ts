import {
  type ActorDefinition,
  ActorHost,
  actorIdOf,
  type ActorLimits,
  type ActorRef,
  ActorRefs,
  type CommandOptions,
  type CommandResult,
  type LookOptions,
  type Participant,
  type ParticipantsOf,
  type QuarantinedActor,
  type References,
  type StateOf,
  type TransactionContext,
  type TransactionDecision,
  type TransactionResults,
} from '../actors/index.ts'
import { actorId, type ActorId, type Clock, type Logger, type StoredEvent } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'

/** What a node runs on. */
export interface NodeComponents {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ActorLimits
}

/** What an actor is at a version. */
export interface ActorView<State = unknown> {
  readonly actorId: ActorId
  readonly version: number
  readonly state: State
}

/** A running node: actors of some types over one event store. Made by `open()`. */
export class Node<Actors extends ActorDefinition = ActorDefinition> implements AsyncDisposable {
  /** The log of all that happened. */
  readonly events: EventStore
  readonly #host: ActorHost
  readonly #refs: ActorRefs
  #closing: Promise<void> | undefined

  constructor(actors: readonly Actors[], components: NodeComponents) {
    this.events = components.store
    this.#host = new ActorHost(actors, components)
    this.#refs = new ActorRefs(this.#host)
  }

  /** The types of the actors that run here. */
  get actorTypes(): readonly string[] {
    return this.#host.types
  }

  /**
   * One actor, to send commands to: `node.get(Account, 'alice').deposit({ amount: 5 })`.
   * @throws AetherError `invalid-actor-id`
   */
  get<D extends Actors>(definition: D, key: string): ActorRef<D> {
    return this.#refs.make(definition, actorId(definition.type, key))
  }

  /**
   * Decides over the states of several actors, and stores what was decided in one commit: all of it
   * or nothing. An actor that gets no event is only read: it may have changed elsewhere meanwhile.
   * The live actors of this node wait meanwhile, and go on from what was stored. With a `commandId` it
   * is idempotent like a command.
   *
   * `const [a, b] = await node.transact([from, to], ([from, to]) =>
   *   [from.on.Withdrawn({ amount: 5 }), to.on.Deposited({ amount: 5 })])`
   * @throws AetherError `command-rejected`, and as a command
   */
  async transact<const Refs extends References>(
    actors: Refs,
    decide: (
      participants: ParticipantsOf<Refs>,
      context: TransactionContext,
    ) => TransactionDecision,
    options?: CommandOptions,
  ): Promise<TransactionResults<Refs>> {
    const erased = decide as unknown as (
      participants: readonly Participant[],
      context: TransactionContext,
    ) => TransactionDecision
    const results = await this.#host.transact(actors.map(actorIdOf), erased, options)
    return results as unknown as TransactionResults<Refs>
  }

  /**
   * What an actor is now, or was at a version.
   * @throws AetherError `invalid-argument` for a version that it has not reached; those of the store
   */
  async state<D extends Actors>(
    definition: D,
    key: string,
    options: LookOptions = {},
  ): Promise<ActorView<StateOf<D>>> {
    return this.look(actorId(definition.type, key), options)
  }

  /** {@link state} by id, without types: for gateways. */
  async look(id: ActorId, options: LookOptions = {}): Promise<ActorView> {
    const { version, state } = await this.#host.look(id, options)
    return { actorId: id, version, state }
  }

  /**
   * Each event of an actor, oldest first, and what it made of the actor.
   * @throws AetherError `malformed-event`, `actor-failed`, and those of the store
   */
  async *history(
    id: ActorId,
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ActorView & { readonly event: StoredEvent }, void> {
    for await (const { event, after } of this.#host.history(id, options.signal))
      yield { actorId: id, version: after.version, state: after.state, event }
  }

  /**
   * Sends a command by names, without types: for gateways.
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `command-rejected` …
   */
  send(
    id: ActorId,
    command: string,
    input: unknown,
    options?: CommandOptions,
  ): Promise<CommandResult> {
    return this.#host.send(id, command, input, options)
  }

  /** Reads of an actor by names, without types: for gateways. @throws AetherError `unknown-query` … */
  query(id: ActorId, query: string, input: unknown, options?: LookOptions): Promise<unknown> {
    return this.#host.query(id, query, input, options)
  }

  /** Whether actors of this type have a query of this name: for gateways. */
  hasQuery(id: ActorId, name: string): boolean {
    return this.#host.hasQuery(id, name)
  }

  /** How many actors are in memory. */
  get liveActors(): number {
    return this.#host.liveActors
  }

  /** Actors that are not asked any more, because their own code failed again and again. */
  get quarantined(): readonly QuarantinedActor[] {
    return this.#host.quarantined
  }

  /** Lets an actor be asked again; false where it was not in quarantine. */
  resume(id: ActorId): boolean {
    return this.#host.resume(id)
  }

  /** Finishes the commands under way, then closes the store. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#host.close().then(() => this.events.close())
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
