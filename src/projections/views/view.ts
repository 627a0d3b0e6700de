import type { ActorDefinition, NextState } from '../../actors/index.ts'
import { AetherError, freezeJson, messageOf } from '../../core/index.ts'
import type {
  AnyEventOf,
  EventNamed,
  EventNameOf,
  HandledEvent,
} from '../definition/handled-event.ts'
import type { ReaderDefinition } from '../definition/reader-definition.ts'
import { type ErasedReader, type Handler, makeReaderModel } from '../definition/reader-model.ts'
import type { ReaderOptions } from '../definition/reader-options.ts'
import type { ViewTx } from './view-batch.ts'
import { ViewTarget } from './view-target.ts'

declare const types: unique symbol

/** What a developer writes down about a view. */
export interface ViewSpec<
  A extends ActorDefinition,
  S,
  Name extends string = string,
> extends ReaderOptions {
  /** Names it for ever: 1 to 21 of a-z, 0-9 and -. */
  readonly name: Name
  /**
   * A greater one makes it anew from the beginning of the log, beside the one that is read, and takes
   * that one's place when it has caught up. @default 1
   */
  readonly version?: number
  /** Whose events it reads. */
  readonly actors: readonly A[]
  /**
   * Under which key the event goes into a document; undefined: into none. At most 300 characters.
   * @default the key of the event's actor
   */
  readonly key?: (event: AnyEventOf<A>) => string | undefined
  /** A document before anything happened to it, or what makes it. JSON, and frozen. */
  readonly state: S | (() => S)
  /**
   * What each event does to its document: pure. Undefined takes the document away. Others are passed
   * over. Events of one actor come in their order; those of several actors, in no certain one, unless `parts` is 1.
   */
  readonly on: {
    readonly [Name in EventNameOf<A>]?: (
      view: NoInfer<S>,
      event: EventNamed<A, Name>,
    ) => NextState<S> | undefined
  }
}

/** A read model of one document a key. Made by {@link view}. */
export interface ViewDefinition<
  S = unknown,
  Name extends string = string,
> extends ReaderDefinition<Name> {
  readonly kind: 'aether-view'
  /** Only for the compiler. */
  readonly [types]?: { readonly document: S }
}

/** What a document of a view is. */
export type DocumentOf<V extends ViewDefinition> = NonNullable<V[typeof types]>['document']

type ErasedView = Omit<ErasedReader, 'on'> & {
  readonly key?: (event: HandledEvent) => string | undefined
  readonly state: unknown
  readonly on: Readonly<Record<string, (view: unknown, event: HandledEvent) => unknown>>
}

/**
 * Defines a read model that is kept in the event store's own backend: a document for each key, to
 * which each event counts once.
 * @throws AetherError `invalid-definition`
 */
export function view<A extends ActorDefinition, S, const Name extends string>(
  spec: ViewSpec<A, S, Name>,
): ViewDefinition<S, Name> {
  const erased = spec as unknown as ErasedView
  const keyOf = erased.key ?? ((event) => event.key)
  // Its table has a name that takes no more.
  if (String(erased.name).length > 21)
    throw invalid(erased.name, 'its name must be of 21 characters at most')
  const initial = initialOf(erased)
  const on = Object.fromEntries(
    Object.entries(erased.on).map(([type, fold]) => [type, folding(fold, keyOf)]),
  )
  const model = makeReaderModel(
    { ...erased, on },
    {
      kind: 'view',
      makeTarget: (store, { parts }) => new ViewTarget(store, { parts, initial }),
    },
  )
  return { kind: 'aether-view', name: spec.name, version: model.version, model }
}

function folding(fold: unknown, keyOf: (event: HandledEvent) => string | undefined): Handler {
  // Not a function: what checks the definition says so.
  if (typeof fold !== 'function') return fold as Handler
  const next = fold as (view: unknown, event: HandledEvent) => unknown
  return (event, tx) => {
    const key = keyOf(event)
    if (key !== undefined) (tx as ViewTx).fold(key, event, next)
  }
}

/** Frozen, as every document begins with it. */
function initialOf({ name, state }: ErasedView): () => unknown {
  const first: unknown = typeof state === 'function' ? (state as () => unknown)() : state
  try {
    freezeJson(first)
  } catch (cause) {
    throw invalid(name, `the state must be JSON: ${messageOf(cause)}`, cause)
  }
  return () => first
}

function invalid(name: string, problem: string, cause?: unknown): AetherError {
  return new AetherError('invalid-definition', `view ${name}: ${problem}`, { cause })
}
