import {
  ActorFailedError,
  type ActorId,
  AetherError,
  checkMetadata,
  isAetherError,
  noMetadata,
  parseActorId,
  toJson,
} from '../core/index.ts'
import { type Command, type CommandOptions, type CommandResult, identify } from './command.ts'
import { Deadlines } from './deadlines.ts'
import type { ActorDefinition } from './definition.ts'
import type { ActorState } from './fold.ts'
import { HeldActors } from './held-actors.ts'
import { History, type Moment } from './history.ts'
import { Letter } from './letter.ts'
import { LiveActors } from './live-actors.ts'
import { makeCommand, validInput } from './make-command.ts'
import type { ActorModel, QueryModel } from './model.ts'
import { Patience } from './patience.ts'
import { Quarantine, type QuarantinedActor } from './quarantine.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import type { Surroundings } from './surroundings.ts'
import { transact, type Transaction, type TransactionActor } from './transaction.ts'

/** How to look at an actor. */
export interface LookOptions {
  /** What it was at this version. @default what it is now */
  readonly version?: number
  /** Ends the look by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** The actors that live in this process: brings them to life when a command comes, lets idle ones go. */
export class ActorHost {
  readonly #models: ReadonlyMap<string, ActorModel>
  readonly #around: Surroundings
  readonly #live: LiveActors
  readonly #deadlines: Deadlines
  #underWay = 0
  #closing: PromiseWithResolvers<void> | undefined

  /** @throws AetherError `invalid-definition` for two definitions of one type */
  constructor(
    definitions: readonly ActorDefinition[],
    components: Omit<Surroundings, 'quarantine' | 'snapshots'>,
  ) {
    const { store, clock, logger, limits } = components
    this.#models = modelsByType(definitions)
    this.#around = {
      ...components,
      quarantine: new Quarantine(clock, logger, limits.failuresInARow),
      snapshots: new SnapshotKeeper(store, logger),
    }
    this.#live = new LiveActors(this.#around)
    this.#deadlines = new Deadlines(clock)
  }

  get types(): readonly string[] {
    return [...this.#models.keys()]
  }

  hasQuery(actorId: ActorId, name: string): boolean {
    return this.#modelOf(actorId).queries.has(name)
  }

  /** How many actors are in memory. */
  get liveActors(): number {
    return this.#live.count
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
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    try {
      this.#assertOpen()
      options.signal?.throwIfAborted()
      const model = this.#modelOf(actorId)
      this.#around.quarantine.check(actorId)
      const deadline = this.#deadlineOf(options)
      const command = makeCommand(model, name, input, options)
      // Without a need to wait, commands reach the actor in the order of their sending.
      return command instanceof Promise || command.model.prepare
        ? this.#sendLater(model, actorId, command, deadline, options)
        : this.#ask(model, actorId, command, deadline, options)
    } catch (error) {
      return rejected(error)
    }
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

  /**
   * Reads something of an actor, fresh from the store.
   * @throws AetherError `unknown-actor-type`, `unknown-query`, `invalid-input`, `actor-failed`, and
   * those of the store
   */
  async query(
    actorId: ActorId,
    name: string,
    input: unknown,
    options: LookOptions = {},
  ): Promise<unknown> {
    const model = this.#modelOf(actorId)
    const { input: schema, answer } = queryOf(model, name)
    const valid = await validInput(model.type, name, schema, input)
    const { state, version } = await this.look(actorId, options)
    try {
      const answered = answer(state, valid, { actorId, version, now: this.#around.clock.now() })
      return answered === undefined ? undefined : toJson(answered)
    } catch (cause) {
      throw new ActorFailedError(actorId, `answer of ${name}`, cause)
    }
  }

  /**
   * Decides over several actors at once; what is decided is stored in one commit.
   * @throws AetherError `invalid-argument`, and as {@link send}
   */
  async transact(
    actorIds: readonly ActorId[],
    decide: Transaction['decide'],
    options: CommandOptions = {},
  ): Promise<CommandResult[]> {
    this.#assertOpen()
    this.#underWay++
    try {
      const { metadata = noMetadata, commandId } = options
      checkMetadata(metadata)
      checkParticipants(actorIds)
      for (const actorId of actorIds) this.#around.quarantine.check(actorId)
      const identity =
        commandId === undefined ? undefined : identify(commandId, 'transact over', actorIds)
      using within = new Patience(this.#deadlines, this.#deadlineOf(options), options.signal)
      using held = await HeldActors.hold(actorIds, (actorId) => this.#activate(actorId), within)
      const transaction = { actors: held.of(actorIds), decide, identity, metadata }
      return await transact(transaction, this.#around)
    } finally {
      this.#leave()
    }
  }

  /**
   * What an actor is now, or was at a version: fresh from the store, without bringing it to life.
   * @throws AetherError `unknown-actor-type`, `invalid-argument`, and those of the store
   */
  async look(actorId: ActorId, { version, signal }: LookOptions = {}): Promise<ActorState> {
    const model = this.#modelOf(actorId)
    const { store, snapshots } = this.#around
    const history = new History(store, model, actorId)
    const known = version === undefined ? this.#live.find(actorId)?.lastKnown : undefined
    if (known) {
      const now = await history.replay({ from: known, signal }).catch(unlessTrimmed)
      if (now) return now
    }
    const maxVersion = version ?? Infinity
    const kept = await snapshots.load(model, actorId, { maxVersion, ...(signal && { signal }) })
    const from = kept?.state
    return version === undefined
      ? history.replay({ from, signal })
      : history.at(version, { from, signal })
  }

  /**
   * Each event of an actor, and what it made of it, from the first one on.
   * @throws AetherError `unknown-actor-type`, `malformed-event`, `actor-failed`, those of the store
   */
  history(actorId: ActorId, signal?: AbortSignal): AsyncGenerator<Moment, void> {
    const history = new History(this.#around.store, this.#modelOf(actorId), actorId)
    return history.moments({ signal })
  }

  /** Takes no more commands and waits for those that are under way. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers()
    if (this.#underWay === 0) this.#closing.resolve()
    await this.#closing.promise
    this.#live[Symbol.dispose]()
    await this.#around.snapshots.close()
  }

  #assertOpen(): void {
    if (this.#closing) throw new AetherError('closed', 'the node was closed')
  }

  readonly #leave = (): void => {
    this.#underWay--
    if (this.#underWay === 0) this.#closing?.resolve()
  }

  #deadlineOf({ timeoutMs = this.#around.limits.commandTimeoutMs }: CommandOptions): number {
    if (timeoutMs > 0) return this.#around.clock.monotonic() + timeoutMs
    throw new AetherError(
      'invalid-argument',
      `timeoutMs must be a number greater than 0, not ${String(timeoutMs)}`,
    )
  }

  #ask(
    model: ActorModel,
    actorId: ActorId,
    command: Command,
    deadline: number,
    { signal }: CommandOptions,
  ): Promise<CommandResult> {
    const letter = new Letter(actorId, command, { deadline, signal, onDone: this.#leave })
    this.#live.activate(model, actorId).post(letter)
    this.#underWay++
    this.#deadlines.add(letter)
    signal?.addEventListener('abort', letter, { once: true })
    return letter.answered
  }

  async #sendLater(
    model: ActorModel,
    actorId: ActorId,
    offered: Command | Promise<Command>,
    deadline: number,
    options: CommandOptions,
  ): Promise<CommandResult> {
    this.#underWay++
    try {
      const command = await this.#prepare(actorId, offered, deadline, options)
      return await this.#ask(model, actorId, command, deadline, options)
    } finally {
      this.#leave()
    }
  }

  /** What takes time before the actor is asked ends with the sender's patience. */
  async #prepare(
    actorId: ActorId,
    offered: Command | Promise<Command>,
    deadline: number,
    { signal }: CommandOptions,
  ): Promise<Command> {
    using within = new Patience(this.#deadlines, deadline, signal)
    const command = await within.race(Promise.resolve(offered))
    const { name, model, input, metadata, identity } = command
    if (!model.prepare) return command
    const context = { actorId, commandId: identity?.id, metadata, signal: within.signal }
    try {
      return { ...command, prepared: await within.race(model.prepare(input, context)) }
    } catch (cause) {
      within.signal.throwIfAborted()
      throw new ActorFailedError(actorId, `prepare of ${name}`, cause)
    }
  }

  #activate(actorId: ActorId): TransactionActor {
    const model = this.#modelOf(actorId)
    return { model, live: this.#live.activate(model, actorId) }
  }

  #modelOf(actorId: ActorId): ActorModel {
    const { type } = parseActorId(actorId)
    const model = this.#models.get(type)
    if (model) return model
    const known = this.types.join(', ')
    throw new AetherError(
      'unknown-actor-type',
      `no actor type ${type} runs here; there is ${known}`,
    )
  }
}

function rejected(reason: unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  reject(reason)
  return promise
}

function queryOf(model: ActorModel, name: string): QueryModel {
  const query = model.queries.get(name)
  if (query) return query
  const known = [...model.queries.keys()].join(', ') || 'none'
  throw new AetherError('unknown-query', `${model.type} has no query ${name}; there is ${known}`)
}

function checkParticipants(actorIds: readonly ActorId[]): void {
  if (actorIds.length > 0 && new Set(actorIds).size === actorIds.length) return
  throw new AetherError('invalid-argument', 'a transaction needs actors, each of them once')
}

function modelsByType(definitions: readonly ActorDefinition[]): Map<string, ActorModel> {
  const models = new Map<string, ActorModel>()
  for (const { type, model } of definitions) {
    if (models.has(type))
      throw new AetherError('invalid-definition', `two actors are called ${type}`)
    models.set(type, model)
  }
  return models
}

/** Another process may have gone on from there and had the events removed; a snapshot may cover them. */
function unlessTrimmed(error: unknown): undefined {
  if (isAetherError(error) && error.code === 'history-trimmed') return undefined
  throw error
}
