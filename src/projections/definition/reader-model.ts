import type { ActorDefinition, ActorModel } from '../../actors/index.ts'
import { AetherError } from '../../core/index.ts'
import type { EventStore, ProjectionTarget } from '../../store/index.ts'
import type { HandledEvent } from './handled-event.ts'
import { completeOptions, type ReaderOptions } from './reader-options.ts'

export type ReaderKind = 'view' | 'projection' | 'policy'

/** What a handler may know besides the event. */
export interface HandlerContext {
  /** The name of the reader. */
  readonly name: string
  /** Which build of it the event is handled for: 1, 2 … */
  readonly build: number
  /** Aborts when the node closes. */
  readonly signal: AbortSignal
}

/** What is done about an event. A promise is waited for before the next event is handled. */
export type Handler = (event: HandledEvent, tx: unknown, context: HandlerContext) => unknown

/** What a reader writes to is made by each node for itself. */
export type MakeTarget = (store: EventStore, options: Required<ReaderOptions>) => ProjectionTarget

/** A reader of the log as the engine sees it: checked, and without its types. */
export interface ReaderModel {
  readonly kind: ReaderKind
  readonly name: string
  readonly version: number
  /** By the type of the actors. */
  readonly actors: ReadonlyMap<string, HandledActor>
  readonly options: Required<ReaderOptions>
  readonly makeTarget: MakeTarget
  /** Refuses a store that its target can't work with. @throws AetherError `incompatible-store` */
  readonly checkStore?: (store: EventStore) => void
  /** How many events of a policy are handled at the same time. */
  readonly concurrency: number
}

/** Which events of one type of actors are handled, and how. */
export interface HandledActor {
  readonly model: ActorModel
  /** By their names of today. */
  readonly handlers: ReadonlyMap<string, Handler>
}

/** What a developer wrote down, its types forgotten. */
export interface ErasedReader extends ReaderOptions {
  readonly name: string
  readonly version?: number
  readonly actors: readonly ActorDefinition[]
  readonly on: Readonly<Record<string, Handler | undefined>>
}

export interface ReaderMaking {
  readonly kind: ReaderKind
  readonly makeTarget: MakeTarget
  readonly checkStore?: (store: EventStore) => void
  /** @default 1 */
  readonly concurrency?: number
}

const namePattern = /^[a-z][a-z0-9-]{0,63}$/

/** @throws AetherError `invalid-definition` */
export function makeReaderModel(reader: ErasedReader, making: ReaderMaking): ReaderModel {
  const { name, version = 1 } = reader
  const what = `${making.kind} ${String(name)}`
  if (typeof name !== 'string' || !namePattern.test(name))
    throw invalid(what, 'its name must be 1 to 64 of a-z, 0-9 and -, and start with a letter')
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalid(what, `its version must be a whole number from 1, not ${String(version)}`)
  return {
    concurrency: 1,
    ...making,
    name,
    version,
    actors: handledActors(what, reader),
    options: completeOptions(what, reader),
  }
}

function handledActors(
  what: string,
  { actors, on }: ErasedReader,
): ReadonlyMap<string, HandledActor> {
  const handled = new Map<string, HandledActor>()
  for (const { type, model } of actors) {
    if (handled.has(type)) throw invalid(what, `it names the actor ${type} twice`)
    handled.set(type, { model, handlers: handlersOf(model, on) })
  }
  if (handled.size === 0) throw invalid(what, 'it needs at least one actor')
  const models = [...handled.values()].map(({ model }) => model)
  for (const [name, handler] of Object.entries(on)) {
    if (handler !== undefined && typeof handler !== 'function')
      throw invalid(what, `on.${name} is not a function`)
    if (!models.some(({ events }) => events.get(name)?.name === name))
      throw invalid(what, `on.${name}: none of its actors has an event of that name`)
  }
  return handled
}

function handlersOf(model: ActorModel, on: ErasedReader['on']): ReadonlyMap<string, Handler> {
  return new Map(
    Object.entries(on).flatMap(([name, handler]) =>
      handler && model.events.get(name)?.name === name ? [[name, handler] as const] : [],
    ),
  )
}

function invalid(what: string, problem: string): AetherError {
  return new AetherError('invalid-definition', `${what}: ${problem}`)
}
