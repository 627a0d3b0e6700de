import {
  AetherError,
  checkType,
  freezeJson,
  isSchema,
  messageOf,
  type Metadata,
  type Schema,
} from '../core/index.ts'
import type {
  ActorSpec,
  CommandSpec,
  DecidedEvent,
  EventConstructors,
  EventSchemas,
} from './spec.ts'

/** A definition as the runtime sees it: checked, and without its types. */
export interface ActorModel {
  readonly kind: 'aether-actor'
  readonly type: string
  initialState(): unknown
  readonly events: ReadonlyMap<string, EventModel>
  readonly commands: ReadonlyMap<string, CommandModel>
  readonly constructors: EventConstructors<EventSchemas>
}

export interface EventModel {
  readonly schema: Schema
  readonly evolve: (state: unknown, data: unknown) => unknown
}

export interface CommandModel {
  readonly input: Schema | undefined
  readonly decide: CommandSpec<unknown, EventSchemas, Schema>['decide']
}

/** What a developer wrote down, its types forgotten. */
export type ErasedSpec = ActorSpec<unknown, EventSchemas, Readonly<Record<string, Schema>>>

const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/

/** @throws AetherError `invalid-definition` */
export function makeModel(type: string, spec: ErasedSpec): ActorModel {
  checkActorType(type)
  for (const part of ['events', 'evolve', 'commands'] as const) {
    if (typeof spec[part] !== 'object' || spec[part] === null)
      throw invalid(type, `${part} are missing`)
  }
  return {
    kind: 'aether-actor',
    type,
    initialState: initialState(type, spec.state),
    events: eventModels(type, spec),
    commands: commandModels(type, spec),
    constructors: eventConstructors(spec.events),
  }
}

/** Frozen, as every actor of the type begins with it. */
function initialState(type: string, state: unknown): () => unknown {
  const make = typeof state === 'function' ? (state as () => unknown) : () => state
  const first = make()
  try {
    freezeJson(first)
  } catch (cause) {
    throw invalid(type, `the state must be JSON: ${messageOf(cause)}`)
  }
  return () => first
}

function eventModels(type: string, { events, evolve }: ErasedSpec): Map<string, EventModel> {
  const unknown = Object.keys(evolve).find((name) => !Object.hasOwn(events, name))
  if (unknown !== undefined) throw invalid(type, `evolve.${unknown} has no event of that name`)
  return new Map(
    Object.entries(events).map(([name, schema]) => {
      checkName(type, 'event', name)
      if (!isSchema(schema))
        throw invalid(type, `events.${name} is not a Standard Schema (zod, valibot, arktype, …)`)
      const evolveOne = Object.hasOwn(evolve, name) ? evolve[name] : undefined
      if (typeof evolveOne !== 'function') throw invalid(type, `evolve.${name} is missing`)
      return [name, { schema, evolve: evolveOne }]
    }),
  )
}

function commandModels(type: string, { commands }: ErasedSpec): Map<string, CommandModel> {
  return new Map(
    Object.entries(commands).map(([name, { input, decide }]) => {
      checkName(type, 'command', name)
      // A reference with a method of this name would be taken for a promise.
      if (name === 'then') throw invalid(type, "a command can't be called then")
      if (input !== undefined && !isSchema(input))
        throw invalid(type, `the input of ${name} is not a Standard Schema`)
      if (typeof decide !== 'function') throw invalid(type, `commands.${name}.decide is missing`)
      return [name, { input, decide }]
    }),
  )
}

function eventConstructors(events: EventSchemas): EventConstructors<EventSchemas> {
  return Object.fromEntries(
    Object.keys(events).map((type) => [
      type,
      (data: unknown, metadata?: Metadata): DecidedEvent =>
        metadata ? { type, data, metadata } : { type, data },
    ]),
  )
}

function checkActorType(type: string): void {
  try {
    checkType(type)
  } catch (cause) {
    throw new AetherError('invalid-definition', (cause as Error).message, { cause })
  }
}

function checkName(type: string, what: string, name: string): void {
  if (namePattern.test(name)) return
  throw invalid(
    type,
    `the ${what} name ${JSON.stringify(name)} must be letters, digits or _, and start with a letter`,
  )
}

function invalid(type: string, problem: string): AetherError {
  return new AetherError('invalid-definition', `actor ${type}: ${problem}`)
}
