import type { ActorDefinition } from '../actors/index.ts'
import type { HandlerResult, ProjectionTarget } from '../store/index.ts'
import type { EventNamed, EventNameOf } from './definition/handled-event.ts'
import type { ReaderDefinition } from './definition/reader-definition.ts'
import {
  type ErasedReader,
  type HandlerContext,
  makeReaderModel,
} from './definition/reader-model.ts'
import type { ReaderOptions } from './definition/reader-options.ts'

/** What a developer writes down about a projection. */
export interface ProjectionSpec<
  A extends ActorDefinition,
  Tx,
  Done extends void | Promise<void>,
  Name extends string = string,
> extends ReaderOptions {
  /** Names it for ever: 1 to 64 of a-z, 0-9 and -. */
  readonly name: Name
  /**
   * A greater one makes it anew from the beginning of the log, beside the one that is read, and takes
   * that one's place when it has caught up. @default 1
   */
  readonly version?: number
  /** Whose events it reads. */
  readonly actors: readonly A[]
  /** Where it writes: what a handler writes is stored once for each event. */
  readonly target: ProjectionTarget<Tx, Done>
  /**
   * What each event leads to; others are passed over. What it writes goes through `tx` alone: it is
   * called again where the transaction was rolled back.
   */
  readonly on: {
    readonly [Name in EventNameOf<A>]?: (
      event: EventNamed<A, Name>,
      tx: Tx,
      context: HandlerContext,
    ) => HandlerResult<Done>
  }
}

/** A read model in a database of the user's. Made by {@link projection}. */
export interface ProjectionDefinition<Name extends string = string> extends ReaderDefinition<Name> {
  readonly kind: 'aether-projection'
}

/**
 * Defines a read model in a database: each event takes effect there once, in the order of its actor. Those of several
 * actors come in no certain order, unless `parts` is 1.
 * @throws AetherError `invalid-definition`
 */
export function projection<
  A extends ActorDefinition,
  Tx,
  Done extends void | Promise<void>,
  const Name extends string,
>(spec: ProjectionSpec<A, Tx, Done, Name>): ProjectionDefinition<Name> {
  const model = makeReaderModel(spec as unknown as ErasedReader, {
    kind: 'projection',
    makeTarget: (store) => spec.target.inline?.(store) ?? spec.target,
    checkStore: (store) => void spec.target.inline?.(store),
  })
  return { kind: 'aether-projection', name: spec.name, version: model.version, model }
}
