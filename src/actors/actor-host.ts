import {
  ActorFailedError,
  type ActorId,
  AetherError,
  type Clock,
  InvalidInputError,
  noMetadata,
  parseActorId,
  type Schema,
  checkMetadata,
  validate,
  type Validation,
} from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import { type Command, type CommandOptions, type CommandResult, identify } from './command.ts'
import type { ActorDefinition } from './definition.ts'
import type { ActorState } from './fold.ts'
import { History } from './history.ts'
import type { ActorLimits } from './limits.ts'
import { LiveActor } from './live-actor.ts'
import type { ActorModel, CommandModel } from './model.ts'

export interface ActorHostComponents {
  readonly store: EventStore
  readonly clock: Clock
}

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
  readonly #components: ActorHostComponents
  readonly #limits: ActorLimits
  /** In order of their last use. */
  readonly #live = new Map<ActorId, LiveActor>()
  #underWay = 0
  #closing: PromiseWithResolvers<void> | undefined

  /** @throws AetherError `invalid-definition` for two definitions of one type */
  constructor(
    definitions: readonly ActorDefinition[],
    components: ActorHostComponents,
    limits: ActorLimits,
  ) {
    this.#models = modelsByType(definitions)
    this.#components = components
    this.#limits = limits
  }

  get types(): readonly string[] {
    return [...this.#models.keys()]
  }

  /**
   * Asks one actor to do something. Resolves once the outcome is stored.
   * @throws AetherError `unknown-actor-type`, `unknown-command`, `invalid-input`, `command-rejected`,
   * `overloaded`, `id-reused`, `version-conflict`, `actor-failed`, and those of the store
   */
  async send(
    actorId: ActorId,
    name: string,
    input: unknown,
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    if (this.#closing) throw new AetherError('closed', 'the node was closed')
    this.#underWay++
    try {
      const model = this.#modelOf(actorId)
      const command = makeCommand(model, name, input, options)
      // Without a need to wait, commands reach the actor in the order of their sending.
      const ready = command instanceof Promise ? await command : command
      return await this.#activate(model, actorId).send(ready, options.signal)
    } finally {
      this.#underWay--
      this.#endIfDone()
    }
  }

  /**
   * What an actor is now, or was at a version: fresh from the store, without bringing it to life.
   * @throws AetherError `unknown-actor-type`, `invalid-argument`, and those of the store
   */
  async look(actorId: ActorId, { version, signal }: LookOptions = {}): Promise<ActorState> {
    const history = new History(this.#components.store, this.#modelOf(actorId), actorId)
    if (version !== undefined) return history.at(version, signal)
    const from = this.#live.get(actorId)?.lastKnown
    return history.replay({ from, ...(signal && { signal }) })
  }

  /** Takes no more commands and waits for those that are under way. */
  async close(): Promise<void> {
    this.#closing ??= Promise.withResolvers()
    this.#endIfDone()
    await this.#closing.promise
  }

  #endIfDone(): void {
    if (this.#underWay === 0) this.#closing?.resolve()
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

  #activate(model: ActorModel, actorId: ActorId): LiveActor {
    const known = this.#live.get(actorId)
    if (known) this.#live.delete(actorId)
    else if (this.#live.size >= this.#limits.liveActors) this.#letOneGo()
    const live =
      known ?? new LiveActor(model, actorId, { ...this.#components, limits: this.#limits })
    this.#live.set(actorId, live)
    return live
  }

  /** The least recently used one that is idle; if all of the oldest are busy, memory waits for them. */
  #letOneGo(): void {
    for (const [actorId, actor] of this.#live.entries().take(16)) {
      if (!actor.isIdle) continue
      this.#live.delete(actorId)
      return
    }
  }
}

/** A promise only where the schema of the input gives one. */
function makeCommand(
  model: ActorModel,
  name: string,
  input: unknown,
  { metadata = noMetadata, commandId }: CommandOptions,
): Command | Promise<Command> {
  const command = commandOf(model, name)
  checkMetadata(metadata)
  const identity =
    commandId === undefined ? undefined : identify(commandId, name, command.input && input)
  const withInput = (validation: Validation<unknown>): Command => {
    if (validation.ok) return { name, model: command, input: validation.value, metadata, identity }
    throw new InvalidInputError(`the input of ${model.type}.${name} is wrong`, validation.issues)
  }
  if (!command.input) return withInput({ ok: true, value: undefined })
  const failed = (cause: unknown): never => {
    throw new ActorFailedError(model.type, `the input schema of ${name}`, cause)
  }
  const validation = validateOr(failed, command.input, input)
  return validation instanceof Promise
    ? validation.catch(failed).then(withInput)
    : withInput(validation)
}

/** A schema may throw, at once or later. */
function validateOr(
  failed: (cause: unknown) => never,
  schema: Schema,
  input: unknown,
): ReturnType<typeof validate> {
  try {
    return validate(schema, input)
  } catch (cause) {
    return failed(cause)
  }
}

function commandOf(model: ActorModel, name: string): CommandModel {
  const command = model.commands.get(name)
  if (command) return command
  const known = [...model.commands.keys()].join(', ')
  throw new AetherError(
    'unknown-command',
    `${model.type} has no command ${name}; there is ${known}`,
  )
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
