import type { ActorId, Schema, SchemaInput } from '../core/index.ts'
import type { ActorHost } from './actor-host.ts'
import type { CommandOptions, CommandResult } from './deciding/command.ts'
import type {
  ActorDefinition,
  AnswersOf,
  CommandsOf,
  EventOf,
  QueriesOf,
  RepliesOf,
  StateOf,
} from './definition/definition.ts'
import type { ActorModel } from './definition/model.ts'
import type { LookOptions, Onlooker } from './live/onlooker.ts'

const id = Symbol.for('aether.actor-id')
declare const definition: unique symbol

/** One actor, wherever it lives: a method for each command and each query of its definition. */
export type ActorRef<D extends ActorDefinition, Options = CommandOptions> = {
  readonly [K in keyof CommandsOf<D> & string]: (
    ...args: Arguments<CommandsOf<D>[K], Options>
  ) => Promise<CommandResult<StateOf<D>, EventOf<D>, RepliesOf<D>[K]>>
} & {
  readonly [K in keyof AnswersOf<D> & string]: (
    ...args: Arguments<At<QueriesOf<D>, K>, LookOptions>
  ) => Promise<AnswersOf<D>[K]>
} & ActorIdentity<D>

/** By which a reference is known where several actors are decided over. */
export interface ActorIdentity<D extends ActorDefinition> {
  readonly [id]: ActorId
  /** Only for the compiler. */
  readonly [definition]?: D
}

type At<T, K> = K extends keyof T ? T[K] : unknown

/** Without a schema, there is no input. */
export type Arguments<I, Options> = I extends Schema
  ? [input: SchemaInput<I>, options?: Options]
  : [input?: undefined, options?: Options]

/** What references send to. */
interface Asked extends Pick<ActorHost, 'send'> {
  readonly onlooker: Pick<Onlooker, 'query'>
}

/** Makes references to the actors of one host. */
export class ActorRefs {
  readonly #host: Asked

  constructor(host: Asked) {
    this.#host = host
  }

  /** Nothing is loaded before the first command. */
  make<D extends ActorDefinition>({ model }: D, actorId: ActorId): ActorRef<D> {
    let kind = kinds.get(model)
    if (!kind) kinds.set(model, (kind = kindOf(model)))
    return new kind.Maker(this.#host, actorId) as unknown as ActorRef<D>
  }
}

/**
 * The references to actors of a type. All hosts of a process share their class: to the engine, those of
 * another class are other objects, and what it optimized for one host would be in vain for the next.
 */
interface Kind {
  readonly Maker: new (host: Asked, actorId: ActorId) => Reference
  /** As {@link keepSpecimen}, but no longer than the definition. */
  readonly specimen: Reference
}

const kinds = new WeakMap<ActorModel, Kind>()

/** The id of the actor that a reference stands for. */
export function actorIdOf(ref: ActorIdentity<ActorDefinition>): ActorId {
  return ref[id]
}

/** What all references have in common. */
class Reference implements Ref {
  readonly #host: Asked
  readonly #actorId: ActorId

  constructor(host: Asked, actorId: ActorId) {
    this.#host = host
    this.#actorId = actorId
  }

  get [id](): ActorId {
    return this.#actorId
  }

  static send(
    ref: Reference,
    name: string,
    input: unknown,
    options?: CommandOptions,
  ): Promise<CommandResult> {
    return ref.#host.send(ref.#actorId, name, input, options)
  }

  static query(
    ref: Reference,
    name: string,
    input: unknown,
    options?: LookOptions,
  ): Promise<unknown> {
    return ref.#host.onlooker.query(ref.#actorId, name, input, options)
  }
}

/** A class for each type, whose methods are its commands and queries: references are made often. */
function kindOf({ type, commands, queries }: ActorModel): Kind {
  const Maker = class extends Reference {}
  const methods = [
    ...Array.from(commands.keys(), (name) => {
      function send(
        this: Reference,
        input?: unknown,
        options?: CommandOptions,
      ): Promise<CommandResult> {
        return Reference.send(this, name, input, options)
      }
      return [name, send] as const
    }),
    ...Array.from(queries.keys(), (name) => {
      function query(this: Reference, input?: unknown, options?: LookOptions): Promise<unknown> {
        return Reference.query(this, name, input, options)
      }
      return [name, query] as const
    }),
  ]
  Object.assign(Maker.prototype, Object.fromEntries<unknown>(methods))
  return { Maker, specimen: new Maker(nobody, `${type}-0`) }
}

/** Is never asked. */
const nobody: Asked = {
  send: () => Promise.reject(new Error()),
  onlooker: { query: () => Promise.reject(new Error()) },
}

type Ref = ActorIdentity<ActorDefinition>
