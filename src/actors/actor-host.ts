import {
  ActorFailedError,
  type ActorId,
  AetherError,
  nextTurn,
  type TraceSpan,
  TurnClock,
} from '../core/index.ts'
import { UnderWay } from '../store/index.ts'
import { ofCommand, ofTransaction, traced } from './deciding/command-span.ts'
import { findEarlier, sinceOf } from './deciding/earlier-events.ts'
import {
  checkCommandId,
  type Command,
  type CommandOptions,
  type CommandOutcome,
  type CommandResult,
  type DeliveryOptions,
  type OutcomeOptions,
} from './deciding/command.ts'
import { assertPublic, makeCommand } from './deciding/make-command.ts'
import type { ActorDefinition } from './definition/definition.ts'
import type { ActorModel } from './definition/model.ts'
import { Models } from './definition/models.ts'
import { deadlineOf, Deadlines } from './live/deadlines.ts'
import { earlierAnswer } from './live/earlier-answer.ts'
import { Letter } from './live/letter.ts'
import { LiveActors } from './live/live-actors.ts'
import { Onlooker } from './live/onlooker.ts'
import type { Order } from './live/order.ts'
import { outcomeOf } from './live/outcome.ts'
import { Patience } from './live/patience.ts'
import { Quarantine, type QuarantinedActor } from './live/quarantine.ts'
import { rejected } from './live/rejected.ts'
import { reportIfSlow } from './live/slow-work.ts'
import { SnapshotKeeper } from './live/snapshot-keeper.ts'
import type { HostComponents, Surroundings } from './live/surroundings.ts'
import { Turns } from './live/turns.ts'
import { HeldActors } from './transaction/held-actors.ts'
import type { TransactionActor } from './transaction/share.ts'
import { checkTransactionName } from './transaction/transaction-name.ts'
import { requestOf } from './transaction/transaction-request.ts'
import { transact, type Transaction, type TransactionDelivery } from './transaction/transaction.ts'

/** What one actor has to do. */
export interface Workload {
  readonly type: string
  /** How many commands wait for it. */
  readonly waiting: number
}

/** The actors that live in this process: brings them to life when a command comes, lets idle ones go. */
export class ActorHost {
  readonly #models: Models
  readonly #around: Surroundings
  readonly #live: LiveActors
  readonly #onlooker: Onlooker
  readonly #deadlines: Deadlines
  readonly #underWay = new UnderWay()
  #isClosed = false

  /** @throws AetherError `invalid-definition` for two definitions of one type */
  constructor(definitions: readonly ActorDefinition[], components: HostComponents) {
    const { store, logger, limits, observer } = components
    const clock = TurnClock.around(components.clock)
    this.#models = new Models(definitions)
    this.#around = {
      ...components,
      clock,
      quarantine: new Quarantine(clock, logger, limits.failuresInARow),
      snapshots: new SnapshotKeeper({ store, clock, logger, observer }),
      turns: new Turns(clock),
    }
    this.#live = new LiveActors(this.#around)
    this.#deadlines = new Deadlines(clock)
    this.#onlooker = new Onlooker(this.#models, this.#around, this.#live, this.#deadlines)
  }

  get types(): readonly string[] {
    return this.#models.types
  }

  /** Reads what actors are, and brings none to life. */
  get onlooker(): Onlooker {
    return this.#onlooker
  }

  /** How many actors are in memory. */
  get liveActors(): number {
    return this.#live.count
  }

  /** What each actor in memory has to do now. */
  *workloads(): Generator<Workload, void> {
    for (const { type, waiting } of this.#live.all) yield { type, waiting }
  }

  /** Actors that are not asked any more, because their own code failed again and again. */
  get quarantined(): readonly QuarantinedActor[] {
    return this.#around.quarantine.list
  }

  /** Lets an actor be asked again; false where it was not in quarantine. */
  resume(actorId: ActorId): boolean {
    return this.#around.quarantine.resume(actorId)
  }

  /**
   * Asks one actor to do something. Resolves once the outcome is stored.
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `command-rejected`,
   * `overloaded`, `timeout`, `id-reused`, `version-conflict`, `actor-failed`, `actor-quarantined`, and
   * those of the store
   */
  send(
    actorId: ActorId,
    name: string,
    input: unknown,
    options: DeliveryOptions = noOptions,
  ): Promise<CommandResult> {
    const { clock, tracing } = this.#around
    const sentAt = clock.monotonic()
    try {
      this.#assertOpen()
      options.signal?.throwIfAborted()
      const found = this.#live.find(actorId)
      const model = found?.model ?? this.#models.of(actorId)
      if (!tracing || !model.commands.has(name))
        return this.#send(name, input, { model, found, actorId, options, sentAt, span: undefined })
      return traced(tracing, ofCommand(model.type, name, actorId, options), (options, span) =>
        this.#send(name, input, { model, found, actorId, options, sentAt, span }),
      )
    } catch (error) {
      return this.#refused(undefined, undefined, sentAt, error)
    }
  }

  #send(name: string, input: unknown, order: Order): Promise<CommandResult> {
    const { model, actorId, options, sentAt } = order
    try {
      const deadline = this.#deadlineOf(options, sentAt)
      const command = this.#make(name, input, order)
      // Without a need to wait, commands reach the actor in the order of their order.
      if (command instanceof Promise || command.model.prepare || sinceOf(options))
        return this.#sendLater(order, name, command, deadline)
      // What is wrong with a command must not use up the one try of a minute.
      this.#around.quarantine.check(actorId)
      return this.#ask(order, command, deadline)
    } catch (error) {
      return this.#refused(model, name, sentAt, error)
    }
  }

  /** Its schema may take long, for which the time of sending counts: nothing else comes before it. */
  #make(
    name: string,
    input: unknown,
    { model, actorId, options, sentAt }: Order,
  ): Command | Promise<Command> {
    const schema = model.commands.get(name)?.input
    try {
      return makeCommand(model, name, input, options)
    } finally {
      if (schema) {
        const took = this.#around.clock.monotonic() - sentAt
        reportIfSlow(took, this.#around, { actorId, part: 'input', name })
      }
    }
  }

  /**
   * What didn't get as far as an actor. Told in the next turn of the event loop: who asks again and again,
   * without a pause, must not bring the process to a standstill.
   */
  #refused(
    model: ActorModel | undefined,
    name: string | undefined,
    sentAt: number,
    reason: unknown,
  ): Promise<never> {
    const { observer, clock } = this.#around
    const known = name !== undefined && model?.commands.has(name) ? name : undefined
    observer.answered(model?.type, known, clock.monotonic() - sentAt, reason)
    return nextTurn().then(() => rejected(reason))
  }

  /**
   * Finds what is wrong with a command without sending it.
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `invalid-argument`
   */
  async check(
    actorId: ActorId,
    name: string,
    input: unknown,
    options: CommandOptions,
  ): Promise<void> {
    this.#assertOpen()
    await makeCommand(this.#modelOf(actorId), name, input, options)
  }

  /** @throws AetherError `unknown-actor-type`; `unknown-command` where gateways don't know it */
  assertPublic(actorId: ActorId, name: string): void {
    assertPublic(this.#modelOf(actorId), name)
  }

  /**
   * Decides over several actors at once; what is decided is stored in one commit.
   * @throws AetherError `invalid-argument`, `outcome-unknown`, and as {@link send}
   */
  async transact(
    actorIds: readonly ActorId[],
    decide: Transaction['decide'],
    options: TransactionDelivery = {},
  ): Promise<CommandResult[]> {
    checkTransactionName(options)
    const { name } = options
    const { tracing, observer } = this.#around
    const answered = tracing
      ? traced(tracing, ofTransaction(actorIds, options), (options, span) =>
          this.#transact(actorIds, decide, options, span),
        )
      : this.#transact(actorIds, decide, options, undefined)
    void answered.then(
      () => observer.transacted(name),
      (reason: unknown) => observer.transacted(name, reason),
    )
    return answered
  }

  async #transact(
    actorIds: readonly ActorId[],
    decide: Transaction['decide'],
    options: TransactionDelivery,
    span: TraceSpan | undefined,
  ): Promise<CommandResult[]> {
    this.#assertOpen()
    this.#underWay.begin()
    try {
      const deadline = this.#deadlineOf(options, this.#around.clock.monotonic())
      const request = requestOf(actorIds, options)
      for (const actorId of actorIds) this.#around.quarantine.check(actorId)
      using within = new Patience(this.#deadlines, deadline, options.signal)
      const held = await HeldActors.hold(actorIds, (actorId) => this.#activate(actorId), within)
      return await within.race(this.#carryOut({ ...request, decide, span }, held))
    } catch (error) {
      // As for what didn't get as far as an actor.
      await nextTurn()
      throw error
    } finally {
      this.#underWay.end()
    }
  }

  /** Goes on to its end, whatever its sender does. */
  async #carryOut(transaction: Transaction, actors: HeldActors): Promise<CommandResult[]> {
    using held = actors
    this.#underWay.begin()
    try {
      return await transact(transaction, held, this.#around)
    } finally {
      this.#underWay.end()
    }
  }

  /**
   * What an actor remembers of a command, once all that this process sent to it before is done.
   * @throws AetherError `unknown-actor-type`, `invalid-argument`, `timeout`, `overloaded`,
   * `malformed-event`, `actor-failed`, and those of the store
   */
  async outcome(
    actorId: ActorId,
    commandId: string,
    options: OutcomeOptions = {},
  ): Promise<CommandOutcome | undefined> {
    this.#assertOpen()
    checkCommandId(commandId)
    const since = sinceOf({ ...options, commandId })
    const deadline = this.#deadlineOf(options, this.#around.clock.monotonic())
    using within = new Patience(this.#deadlines, deadline, options.signal)
    const { live } = this.#activate(actorId)
    const sought = { since, signal: within.signal }
    const told = outcomeOf(live, commandId, sought, this.#around)
    this.#underWay.enter(told)
    return await within.race(told)
  }

  /** Takes no more commands and waits for those that are under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#underWay.none()
    this.#live[Symbol.dispose]()
    await this.#around.snapshots.close()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new AetherError('closed', 'the node was closed')
  }

  readonly #answered = (letter: Letter, error: unknown, at: number | undefined): void => {
    const { command, sentAt } = letter
    const { observer, clock } = this.#around
    observer.answered(command.type, command.name, (at ?? clock.monotonic()) - sentAt, error)
    this.#deadlines.remove(letter)
    this.#underWay.end()
  }

  #deadlineOf(
    { timeoutMs = this.#around.limits.commandTimeoutMs }: CommandOptions,
    sentAt: number,
  ): number {
    return deadlineOf(timeoutMs, sentAt)
  }

  #ask(order: Order, command: Command, deadline: number): Promise<CommandResult> {
    const { model, found, actorId, options } = order
    const { signal } = options
    const letter = new Letter(order, command, deadline, this.#answered)
    this.#underWay.begin()
    try {
      // Its preparation may have ended in the moment in which it was taken back.
      signal?.throwIfAborted()
      this.#live.activate(model, actorId, found).post(letter)
      this.#deadlines.add(letter)
      signal?.addEventListener('abort', letter, { once: true })
    } catch (error) {
      void nextTurn().then(() => letter.fail(error))
    }
    return letter.answered
  }

  async #sendLater(
    order: Order,
    name: string,
    offered: Command | Promise<Command>,
    deadline: number,
  ): Promise<CommandResult> {
    this.#underWay.begin()
    try {
      const ready = await this.#prepare(order, offered, deadline).catch((reason: unknown) =>
        this.#refused(order.model, name, order.sentAt, reason),
      )
      if ('name' in ready) return await this.#ask(order, ready, deadline)
      const { observer, clock } = this.#around
      observer.answered(order.model.type, name, clock.monotonic() - order.sentAt)
      return ready
    } finally {
      this.#underWay.end()
    }
  }

  /**
   * What takes time before the actor is asked ends with the sender's patience. A command that can't be prepared
   * but was carried out before has its answer: that it failed would be a lie.
   */
  async #prepare(
    { model: actor, actorId, options, span }: Order,
    offered: Command | Promise<Command>,
    deadline: number,
  ): Promise<Command | CommandResult> {
    using within = new Patience(this.#deadlines, deadline, options.signal)
    const command = await within.race(Promise.resolve(offered))
    this.#around.quarantine.check(actorId)
    const { name, model, input, metadata, identity } = command
    const { prepare } = model
    const { store } = this.#around
    const sought = { since: sinceOf(options), signal: within.signal }
    const earlier = await within.race(findEarlier(store, actorId, identity?.id, sought))
    if (earlier) return { ...command, earlier }
    if (!prepare) return command
    const context = { actorId, commandId: identity?.id, metadata, signal: within.signal }
    const fetch = (): Promise<unknown> => prepare(input, context)
    try {
      return { ...command, prepared: await within.race(span ? span.run(fetch) : fetch()) }
    } catch (cause) {
      within.signal.throwIfAborted()
      if (identity) {
        const live = this.#live.activate(actor, actorId)
        const known = earlierAnswer(live, command, identity, store)
        const answer = await within.race(known)
        if (answer) return answer
      }
      throw new ActorFailedError(actorId, `prepare of ${name}`, cause)
    }
  }

  #activate(actorId: ActorId): TransactionActor {
    const model = this.#modelOf(actorId)
    return { model, live: this.#live.activate(model, actorId) }
  }

  #modelOf(actorId: ActorId): ActorModel {
    return this.#live.find(actorId)?.model ?? this.#models.of(actorId)
  }
}

const noOptions: CommandOptions = {}
