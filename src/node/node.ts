import {
  type ActorDefinition,
  ActorHost,
  type ActorLimits,
  type ActorRef,
  type CommandOptions,
  type CommandResult,
  type LookOptions,
  makeRef,
  type StateOf,
} from '../actors/index.ts'
import { actorId, type ActorId, type Clock } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'

/** What a node runs on. */
export interface NodeComponents {
  readonly store: EventStore
  readonly clock: Clock
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
  #closing: Promise<void> | undefined

  constructor(actors: readonly Actors[], { store, clock }: NodeComponents, limits: ActorLimits) {
    this.events = store
    this.#host = new ActorHost(actors, { store, clock }, limits)
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
    return makeRef(this.#host, definition, actorId(definition.type, key))
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

  /** Finishes the commands under way, then closes the store. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#host.close().then(() => this.events.close())
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
