import { hash } from 'node:crypto'
import {
  type ActorId,
  actorIdsOf,
  AetherError,
  describeSchema,
  freezeJson,
  isSchema,
  messageOf,
  type Metadata,
  type Schema,
} from '../../core/index.ts'
import { changesOf, type Upcast } from './event.ts'
import type {
  CommandDecision,
  CommandPreparation,
  CommandReply,
  DecidedEvent,
  EventConstructors,
  EventSchemas,
  QueryAnswer,
  SnapshotSpec,
} from './spec.ts'

/** A definition as the runtime sees it: checked, and without its types. */
export interface ActorModel {
  readonly kind: 'aether-actor'
  readonly type: string
  /** The id of the actor with this key. @throws AetherError `invalid-actor-id` */
  readonly idOf: (key: string) => ActorId
  initialState(): unknown
  /** By their names of today and of before. */
  readonly events: ReadonlyMap<string, EventModel>
  /** Names of events that change nothing any more. */
  readonly retired: ReadonlySet<string>
  readonly commands: ReadonlyMap<string, CommandModel>
  readonly queries: ReadonlyMap<string, QueryModel>
  readonly constructors: EventConstructors<EventSchemas>
  /** Differs wherever a state kept by one definition may not be used by another. */
  readonly shape: string
  /** After how many further events the state is kept anew. */
  readonly snapshotEvery: number
}

export interface EventModel {
  readonly name: string
  readonly schema: Schema
  /** What is stored today. */
  readonly version: number
  readonly upcasts: readonly Upcast[]
  readonly evolve: (state: unknown, data: unknown) => unknown
}

export interface CommandModel {
  readonly input: Schema | undefined
  /** Unknown to gateways. */
  readonly internal: boolean
  readonly prepare: CommandPreparation<unknown, unknown>['prepare']
  readonly decide: CommandDecision<unknown, EventSchemas, unknown, unknown>['decide']
  readonly reply: CommandReply<unknown, unknown>['reply']
}

export interface QueryModel {
  readonly input: Schema | undefined
  readonly answer: QueryAnswer<unknown, unknown, unknown>['answer']
}

interface ErasedCommand extends Omit<CommandModel, 'internal'> {
  readonly internal?: unknown
}

/** What a developer wrote down, its types forgotten. */
export interface ErasedSpec {
  readonly state: unknown
  readonly events: EventSchemas
  readonly evolve: Readonly<Record<string, EventModel['evolve']>>
  readonly retired?: readonly string[]
  readonly commands: Readonly<Record<string, ErasedCommand>>
  readonly queries?: Readonly<Record<string, QueryModel>>
  readonly snapshots?: SnapshotSpec
}

const namePattern = /^[A-Za-z][A-Za-z0-9_]*$/
const defaultSnapshotEvery = 100

/** @throws AetherError `invalid-definition` */
export function makeModel(type: string, spec: ErasedSpec): ActorModel {
  const idOf = idsOf(type)
  for (const part of ['events', 'evolve', 'commands'] as const) {
    if (typeof spec[part] !== 'object' || spec[part] === null)
      throw invalid(type, `${part} are missing`)
  }
  const initialState = initialStateOf(type, spec.state)
  const events = eventModels(type, spec)
  let shape: string | undefined
  return {
    kind: 'aether-actor',
    type,
    idOf,
    initialState,
    events,
    retired: retiredEvents(type, spec, events),
    commands: commandModels(type, spec),
    queries: queryModels(type, spec),
    constructors: eventConstructors(spec.events),
    // Asking all schemas takes its time, and not every definition is run where it is loaded.
    get shape() {
      return (shape ??= shapeOf(spec.snapshots, initialState(), events))
    },
    snapshotEvery: snapshotEvery(type, spec.snapshots),
  }
}

/** Frozen, as every actor of the type begins with it. */
function initialStateOf(type: string, state: unknown): () => unknown {
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
  const models = new Map<string, EventModel>()
  for (const [name, schema] of Object.entries(events)) {
    checkName(type, 'event', name)
    if (!isSchema(schema))
      throw invalid(type, `events.${name} is not a Standard Schema (zod, valibot, arktype, …)`)
    const evolveOne = Object.hasOwn(evolve, name) ? evolve[name] : undefined
    if (typeof evolveOne !== 'function') throw invalid(type, `evolve.${name} is missing`)
    const { formerly = [], upcast: upcasts = [] } = changesOf(schema)
    const model = { name, schema, version: upcasts.length + 1, upcasts, evolve: evolveOne }
    for (const known of [name, ...formerly]) {
      if (models.has(known)) throw invalid(type, `two events are or were called ${known}`)
      models.set(known, model)
    }
  }
  return models
}

function retiredEvents(
  type: string,
  { retired = [] }: ErasedSpec,
  events: ReadonlyMap<string, EventModel>,
): ReadonlySet<string> {
  const alive = retired.find((name) => events.has(name))
  if (alive === undefined) return new Set(retired)
  throw invalid(type, `${alive} is among the events, so it can't be retired`)
}

function commandModels(type: string, { commands }: ErasedSpec): Map<string, CommandModel> {
  return new Map(
    Object.entries(commands).map(([name, { input, prepare, decide, reply, internal = false }]) => {
      checkMethod(type, 'command', name, input)
      if (typeof decide !== 'function') throw invalid(type, `commands.${name}.decide is missing`)
      checkOptional(type, `commands.${name}.prepare`, prepare)
      checkOptional(type, `commands.${name}.reply`, reply)
      if (typeof internal !== 'boolean')
        throw invalid(type, `commands.${name}.internal must be true or false`)
      return [name, { input, prepare, decide, reply, internal }]
    }),
  )
}

function queryModels(
  type: string,
  { queries = {}, commands }: ErasedSpec,
): Map<string, QueryModel> {
  return new Map(
    Object.entries(queries).map(([name, { input, answer }]) => {
      checkMethod(type, 'query', name, input)
      if (Object.hasOwn(commands, name))
        throw invalid(type, `${name} can't be both a command and a query`)
      if (typeof answer !== 'function') throw invalid(type, `queries.${name}.answer is missing`)
      return [name, { input, answer }]
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

/** Says too often rather than too seldom that it has changed: that costs a replay. */
function shapeOf(
  snapshots: SnapshotSpec | undefined,
  initial: unknown,
  events: ReadonlyMap<string, EventModel>,
): string {
  const folds = [...events].map(([name, { version, schema, evolve }]) => {
    // A schema leaves out what it doesn't know, and fills in what is missing.
    return [name, version, describeSchema(schema), String(evolve)]
  })
  return hash('sha256', JSON.stringify([snapshots?.shape, initial, folds])).slice(0, 16)
}

function snapshotEvery(type: string, { every = defaultSnapshotEvery }: SnapshotSpec = {}): number {
  if (Number.isSafeInteger(every) && every >= 0) return every || Infinity
  throw invalid(type, `snapshots.every must be a whole number from 0, not ${String(every)}`)
}

function idsOf(type: string): ActorModel['idOf'] {
  try {
    return actorIdsOf(type)
  } catch (cause) {
    throw new AetherError('invalid-definition', (cause as Error).message, { cause })
  }
}

function checkMethod(type: string, what: string, name: string, input: Schema | undefined): void {
  checkName(type, what, name)
  // A reference with a method of this name would be taken for a promise.
  if (name === 'then') throw invalid(type, `a ${what} can't be called then`)
  if (input !== undefined && !isSchema(input))
    throw invalid(type, `the input of ${name} is not a Standard Schema`)
}

function checkOptional(type: string, what: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw invalid(type, `${what} is not a function`)
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
