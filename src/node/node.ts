import {
  type ActorDefinition,
  type ActorIdentity,
  actorIdOf,
  type ActorRef,
  type Arguments,
  type CommandOptions,
  type CommandOutcome,
  type CommandResult,
  type CommandsOf,
  type EventOf,
  type HistoryEntry,
  type HistoryOptions,
  type LookOptions,
  type OutcomeOptions,
  type Participant,
  type ParticipantsOf,
  type QuarantinedActor,
  type References,
  type Reminder,
  type ReminderOptions,
  type RemindersOptions,
  type StateAt,
  type StateOf,
  type TellOptions,
  type TransactionContext,
  type TransactionDecision,
  type TransactionOptions,
  type TransactionResults,
  type UnscheduleOptions,
} from '../actors/index.ts'
import type { ActorId } from '../core/index.ts'
import type { EventBus } from '../bus/index.ts'
import type {
  DocumentOf,
  InspectOptions,
  ProjectionHandle,
  ProjectionStatus,
  ReaderDefinition,
  ViewDefinition,
  ViewReader,
} from '../projections/index.ts'
import type { EventStore } from '../store/index.ts'
import type { Metric, Telemetry } from '../telemetry/index.ts'
import type { NodeRuntime } from './node-runtime.ts'
import type { Readiness } from './readiness.ts'

/** What ends the compiler's message where an actor of another node is asked for. */
type Opened<D extends ActorDefinition, Actors> = D extends Actors
  ? unknown
  : `${D['type']} is not among the actors that were given to open()`

/** What ends the compiler's message where a reader of other nodes is asked for. */
type Given<R extends ReaderDefinition, Readers> = R extends Readers
  ? unknown
  : `${R['name']} is not among the projections, policies and watched ones that were given to open()`

/** An actor: a reference of `get`, or an id where its type is not known. */
type Named<D extends ActorDefinition = ActorDefinition> = ActorIdentity<D> | ActorId

/** A running node: actors of some types over one event store, and readers of its log. Made by `open()`. */
export class Node<
  Actors extends ActorDefinition = ActorDefinition,
  Readers extends ReaderDefinition = ReaderDefinition,
> implements AsyncDisposable {
  /** The log of all that happened. */
  readonly events: EventStore
  /** Messages, and notices of stored events, to and from all nodes of the backend: at most once. */
  readonly bus: EventBus
  /** What gateways tell of their requests. */
  readonly telemetry: Telemetry
  readonly #runtime: NodeRuntime

  constructor(runtime: NodeRuntime) {
    this.#runtime = runtime
    this.events = runtime.store
    this.bus = runtime.bus
    this.telemetry = runtime.telemetry
  }

  /** The types of the actors that run here. */
  get actorTypes(): readonly string[] {
    return this.#runtime.actors.types
  }

  /**
   * One actor, to send commands to: `node.get(Account, 'alice').deposit({ amount: 5 })`.
   * @throws AetherError `invalid-actor-id`
   */
  get<D extends Actors>(definition: D, key: string): ActorRef<D>
  /** For the compiler, to say which actor was not opened. */
  get<D extends ActorDefinition>(definition: D & Opened<D, Actors>, key: string): ActorRef<D>
  get<D extends Actors>(definition: D, key: string): ActorRef<D> {
    return this.#runtime.refs.make(definition, definition.model.idOf(key))
  }

  /**
   * Decides over the states of several actors, and stores what was decided in one commit: all of it
   * or nothing. An actor that gets no event is asked for right before, not guarded: another process may
   * change it in that moment.
   * The live actors of this node wait meanwhile, and go on from what was stored. With a `commandId` it
   * is idempotent like a command; the `input` that it decides on goes into the options then, so that another
   * one isn't taken for it. A repetition must name the same actors in the same order: where they follow from
   * a state, ask for the {@link outcome} first.
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
    options?: TransactionOptions,
  ): Promise<TransactionResults<Refs>> {
    const erased = decide as unknown as (
      participants: readonly Participant[],
      context: TransactionContext,
    ) => TransactionDecision
    const results = await this.#runtime.actors.transact(actors.map(actorIdOf), erased, options)
    return results as unknown as TransactionResults<Refs>
  }

  /**
   * What became of the command that was given this id, or of the decision over several actors in which this
   * one got an event: as it was answered, but for a `reply`. It waits until all that this node sent to the
   * actor before is done. Undefined where the actor remembers none: it was refused, made no event of this
   * actor, is not among the newest `rememberedCommands`, or is not stored: a try that another node has not
   * answered yet may still be.
   * @throws AetherError `unknown-actor-type`, `invalid-argument`, `timeout`, `overloaded`, and those of the
   * store; the signal's reason
   */
  outcome<D extends ActorDefinition>(
    actor: ActorIdentity<D>,
    commandId: string,
    options?: OutcomeOptions,
  ): Promise<CommandOutcome<StateOf<D>, EventOf<D>> | undefined>
  /** By id, without types: for gateways. */
  outcome(
    actor: ActorId,
    commandId: string,
    options?: OutcomeOptions,
  ): Promise<CommandOutcome | undefined>
  outcome(
    actor: Named,
    commandId: string,
    options?: OutcomeOptions,
  ): Promise<CommandOutcome | undefined> {
    return this.#runtime.actors.outcome(idOf(actor), commandId, options)
  }

  /** By id, without types: for gateways. First, as errors are told by the last overload. */
  state(actor: ActorId, options?: LookOptions): Promise<StateAt>
  /**
   * What an actor is now, or was at a version: `(await node.state(alice)).state.balance`.
   * @throws AetherError `unknown-actor-type`; `invalid-argument` for a version that it has not reached; `timeout`; those
   * of the store
   */
  state<D extends ActorDefinition>(
    actor: ActorIdentity<D>,
    options?: LookOptions,
  ): Promise<StateAt<StateOf<D>>>
  state(actor: Named, options?: LookOptions): Promise<StateAt> {
    return this.#runtime.actors.onlooker.look(idOf(actor), options)
  }

  /** By id, without types: for gateways. First, as errors are told by the last overload. */
  history(actor: ActorId, options?: HistoryOptions): AsyncGenerator<HistoryEntry, void>
  /**
   * Each event of an actor, oldest first, and what it made of the actor.
   * @throws AetherError `malformed-event`, `actor-failed`, and those of the store
   */
  history<D extends ActorDefinition>(
    actor: ActorIdentity<D>,
    options?: HistoryOptions,
  ): AsyncGenerator<HistoryEntry<StateOf<D>>, void>
  async *history(
    actor: Named,
    { signal }: HistoryOptions = {},
  ): AsyncGenerator<HistoryEntry, void> {
    const id = idOf(actor)
    for await (const { event, after } of this.#runtime.actors.onlooker.history(id, signal))
      yield { actorId: id, version: after.version, state: after.state, event }
  }

  /**
   * Refuses a command that is not for everybody: for gateways, before they {@link send} it.
   * @throws AetherError `unknown-actor-type`; `unknown-command` where it is `internal`, or isn't there
   */
  assertPublic(id: ActorId, command: string): void {
    this.#runtime.actors.assertPublic(id, command)
  }

  /**
   * Sends a command by names, without types: for gateways, which ask {@link assertPublic} first, as this carries out
   * what is `internal`, too.
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `command-rejected` …
   */
  send(
    id: ActorId,
    command: string,
    input: unknown,
    options?: CommandOptions,
  ): Promise<CommandResult> {
    return this.#runtime.actors.send(id, command, input, options)
  }

  /** Reads of an actor by names, without types: for gateways. @throws AetherError `unknown-query` … */
  query(id: ActorId, query: string, input: unknown, options?: LookOptions): Promise<unknown> {
    return this.#runtime.actors.onlooker.query(id, query, input, options)
  }

  /** Whether actors of this type have a query of this name: for gateways. */
  hasQuery(id: ActorId, name: string): boolean {
    return this.#runtime.actors.onlooker.hasQuery(id, name)
  }

  /**
   * Sends a command that outlives its sender: it resolves with the message's id once the message is as
   * durable as events are, and some node delivers it, soon, at least once and executed once. Messages
   * may overtake each other. What the actor refuses is logged; after other failures it is tried again
   * and stands in {@link reminders} until it succeeds.
   *
   * `await node.tell(order, 'cancel', { reason: 'unpaid' })`
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `invalid-json`,
   * `invalid-argument`, `id-reused`, and those of the store; the signal's reason
   */
  tell<D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    ...args: Arguments<CommandsOf<D>[K], TellOptions>
  ): Promise<string>
  /** By names, without types: for gateways. */
  tell(actor: ActorId, command: string, input: unknown, options?: TellOptions): Promise<string>
  tell(actor: Named, command: string, input?: unknown, options: TellOptions = {}): Promise<string> {
    return this.#runtime.reminders.tell(idOf(actor), command, input, options)
  }

  /** By names, without types: for gateways. First, as errors are told by the last overload. */
  schedule(
    actor: ActorId,
    command: string,
    input: unknown,
    options: ReminderOptions,
  ): Promise<string>
  /**
   * Sends a command later, or again and again, also if this node is gone by then. Resolves with the
   * reminder's id once it is as durable as events are. It fires at least once and is executed once,
   * never early; while nobody runs, missed beats of a repeating one become one. It replaces the
   * reminder of that name, if the actor has one.
   *
   * `await node.schedule(order, 'cancel', { reason: 'unpaid' }, { name: 'unpaid', afterMs: 900_000 })`
   * @throws AetherError as {@link tell}
   */
  schedule<D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    input: Arguments<CommandsOf<D>[K], never>[0],
    options: ReminderOptions,
  ): Promise<string>
  schedule(
    actor: Named,
    command: string,
    input: unknown,
    options: ReminderOptions,
  ): Promise<string> {
    return this.#runtime.reminders.schedule(idOf(actor), command, input, options)
  }

  /**
   * Cancels a reminder, or with `{ kind: 'message' }` what `tell` made durable, whose name is its id; false
   * where it was executed or not there. One that is being delivered at this moment is taken off, but its
   * command may still be executed.
   * @throws AetherError `invalid-actor-id`, `invalid-argument`, and those of the store; the signal's reason
   */
  unschedule(actor: Named, name: string, options?: UnscheduleOptions): Promise<boolean> {
    return this.#runtime.reminders.unschedule(idOf(actor), name, options)
  }

  /**
   * What is to be delivered next, to one actor or to all of the store, in the order of the times: 1,000
   * at most, unless `limit` says otherwise. All that waits is looked at, but no more than that is held.
   * @throws AetherError `invalid-argument`, `invalid-actor-id`, and those of the store; the signal's
   * reason
   */
  reminders(actor?: Named, options?: RemindersOptions): Promise<readonly Reminder[]> {
    return this.#runtime.reminders.list(actor && idOf(actor), options)
  }

  /** By name, without types: for gateways. First, as errors are told by the last overload. */
  view(name: string): ViewReader
  /**
   * The documents of a view that was given to `open()`, to run here or to be watched.
   * @throws AetherError `unknown-projection`
   */
  view<V extends Readers & ViewDefinition>(view: V): ViewReader<DocumentOf<V>>
  /** For the compiler, to say which view was not given. */
  view<V extends ViewDefinition>(view: V & Given<V, Readers>): ViewReader<DocumentOf<V>>
  view(view: string | ViewDefinition): ViewReader {
    return this.#runtime.projections.view(nameOf(view))
  }

  /** By name: for gateways. First, as errors are told by the last overload. */
  projection(name: string): ProjectionHandle
  /**
   * A view, projection or policy that was given to `open()`: how far it is, and what can be done with it.
   * @throws AetherError `unknown-projection`
   */
  projection(reader: Readers): ProjectionHandle
  /** For the compiler, to say which reader was not given. */
  projection<R extends ReaderDefinition>(reader: R & Given<R, Readers>): ProjectionHandle
  projection(reader: string | ReaderDefinition): ProjectionHandle {
    return this.#runtime.projections.handle(nameOf(reader))
  }

  /**
   * How the views, projections and policies of this node are doing; those that it only watches as it is stored of
   * them: where none of their nodes shows that it lives, that takes a lease longer.
   * @throws AetherError those of the store; the signal's reason
   */
  projections(options?: InspectOptions): Promise<readonly ProjectionStatus[]> {
    return this.#runtime.projections.status(options)
  }

  /** How many actors are in memory. */
  get liveActors(): number {
    return this.#runtime.actors.liveActors
  }

  /** Actors that are not asked any more, because their own code failed again and again. */
  get quarantined(): readonly QuarantinedActor[] {
    return this.#runtime.actors.quarantined
  }

  /** Lets an actor be asked again; false where it was not in quarantine. */
  resume(actor: Named): boolean {
    return this.#runtime.actors.resume(idOf(actor))
  }

  /**
   * What was counted and measured until now, and what there is to be seen now: for those who run the
   * node. `prometheusText()` makes a text of it.
   */
  metrics(): Promise<readonly Metric[]> {
    return this.telemetry.metrics.collect()
  }

  /**
   * Whether the node can do its work, and why it can't: the store must answer, within two seconds, and mustn't
   * have refused the last write, and no view, projection or policy may have failed or be stuck. Never throws.
   */
  readiness(): Promise<Readiness> {
    return this.#runtime.readiness()
  }

  /**
   * Finishes the handlers, commands and deliveries under way, for `closeTimeoutMs` at most, then closes the
   * store. May be called twice.
   */
  close(): Promise<void> {
    return this.#runtime.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function idOf(actor: Named): ActorId {
  return typeof actor === 'string' ? actor : actorIdOf(actor)
}

function nameOf(reader: string | ReaderDefinition): string {
  return typeof reader === 'string' ? reader : reader.name
}
