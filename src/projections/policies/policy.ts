import type { ActorDefinition } from '../../actors/index.ts'
import { AetherError } from '../../core/index.ts'
import type { EventNamed, EventNameOf } from '../definition/handled-event.ts'
import type { ReaderDefinition } from '../definition/reader-definition.ts'
import { type ErasedReader, type Handler, makeReaderModel } from '../definition/reader-model.ts'
import type { ReaderOptions } from '../definition/reader-options.ts'
import type { PolicyContext } from './policy-context.ts'
import { PolicyTarget } from './policy-target.ts'
import { type Reach, Reaction } from './reaction.ts'

/** What a developer writes down about a policy. */
export interface PolicySpec<A extends ActorDefinition, Name extends string = string> extends Omit<
  ReaderOptions,
  'batchEvents' | 'parts'
> {
  /** Names it for ever: how far it is, and the ids of what it sends, hang on it. */
  readonly name: Name
  /** Whose events it reacts to. */
  readonly actors: readonly A[]
  /**
   * `'now'`: what happens from its first start on; `'beginning'`: all that ever happened.
   * @default 'now'
   */
  readonly startAt?: 'now' | 'beginning'
  /** How many events are handled at the same time on a node, each of another actor. @default 16 */
  readonly concurrency?: number
  /**
   * What follows from each event; others are passed over. Called at least once, for the events of one
   * actor one after the other in their order. What it gives, or the promise of it, is waited for and
   * forgotten; what it throws holds the actor back: see `retries`.
   */
  readonly on: {
    readonly [Name in EventNameOf<A>]?: (
      event: EventNamed<A, Name>,
      context: PolicyContext,
    ) => unknown
  }
}

declare const types: unique symbol

/** “Whenever this happened, do that.” Made by {@link policy}. */
export interface PolicyDefinition<
  A extends ActorDefinition = ActorDefinition,
  Name extends string = string,
> extends ReaderDefinition<Name> {
  readonly kind: 'aether-policy'
  /** Whose events it reacts to: only for the compiler. */
  readonly [types]?: A
}

/** Many, as handlers wait for answers most of the time. */
const defaultConcurrency = 16

type Reacting = (event: unknown, context: Reaction) => unknown

/**
 * Defines what follows from events, by commands or by effects elsewhere. A command takes effect once,
 * however often its event is handled; for what is outside there is an idempotency key.
 * @throws AetherError `invalid-definition`
 */
export function policy<A extends ActorDefinition, const Name extends string>(
  spec: PolicySpec<A, Name>,
): PolicyDefinition<A, Name> {
  const erased = spec as unknown as Omit<ErasedReader, 'on'> & {
    readonly on: Readonly<Record<string, unknown>>
  }
  const { name, startAt = 'now', concurrency = defaultConcurrency } = spec
  const on = Object.fromEntries(
    Object.entries(erased.on).map(([type, react]) => [type, reacting(name, react)]),
  )
  const model = makeReaderModel(
    { ...erased, on },
    {
      kind: 'policy',
      makeTarget: (store, { parts }) => new PolicyTarget(store, startAt, parts),
      concurrency,
    },
  )
  check(name, startAt, concurrency)
  return { kind: 'aether-policy', name, version: model.version, model }
}

function reacting(policy: string, react: unknown): Handler {
  // Not a function: what checks the definition says so.
  if (typeof react !== 'function') return react as Handler
  const handle = react as Reacting
  return async (event, reach, { signal }) => {
    const reaction = new Reaction(reach as Reach, { policy, event, signal })
    await reaction.carryOut(() => handle(event, reaction))
    return reaction.isHarmless
  }
}

function check(name: string, startAt: unknown, concurrency: number): void {
  if (startAt !== 'now' && startAt !== 'beginning')
    throw invalid(name, `startAt must be 'now' or 'beginning', not ${String(startAt)}`)
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw invalid(name, `concurrency must be a whole number from 1, not ${String(concurrency)}`)
}

function invalid(name: string, problem: string): AetherError {
  return new AetherError('invalid-definition', `policy ${name}: ${problem}`)
}
