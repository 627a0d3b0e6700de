import {
  AetherError,
  type ActorId,
  type Clock,
  grown,
  type Logger,
  type NewEvent,
} from '../../core/index.ts'
import type { ActorModel } from '../definition/model.ts'
import type { ActorState } from '../replay/fold.ts'
import type { CommandMemory } from './command-memory.ts'
import type { Command, CommandIdentity, CommandRecord } from './command.ts'
import { decide, type Decided } from './decide.ts'

/** What would happen if these commands were stored as one append. */
export interface BatchPlan {
  /** One for each command that is in the append, in order; commands behind it wait for the next. */
  readonly outcomes: readonly Outcome[]
  readonly events: readonly NewEvent[]
  /** The state once the events are stored. */
  readonly after: ActorState
}

export type Outcome =
  /** A command that comes twice in a batch shares it. */
  | Decided
  /** Stored before: to be answered as it was then. */
  | { readonly kind: 'repeated'; readonly record: CommandRecord }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Who decides. */
export interface Decider {
  readonly model: ActorModel
  readonly actorId: ActorId
  /** Undefined where it remembers none. */
  readonly memoryIfAny: CommandMemory | undefined
}

/** What all who decide share. */
export interface DecisionContext {
  readonly limits: {
    /** In one batch. */
    readonly batchEvents: number
    /** From how many milliseconds on a decision is reported to have held up everything else. */
    readonly slowDecisionMs: number
  }
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Decides the commands one after the other, each on the state that its predecessors would leave.
 * One that is rejected or fails leaves no trace in what follows.
 * @param start when it begins, by the monotonic clock
 */
export function planBatch(
  before: ActorState,
  asked: readonly { readonly command: Command }[],
  decider: Decider,
  context: DecisionContext,
  start: number,
): BatchPlan {
  const { model, actorId } = decider
  let outcomes: Outcome[] | undefined
  let events: readonly NewEvent[] = []
  // Most batches are of one command, and its list will do.
  let ofSeveral: NewEvent[] | undefined
  let mates: Map<string, Mate> | undefined
  const now = context.clock.now()
  let after = before
  let since = start
  for (const { command } of asked) {
    try {
      const { identity } = command
      const known = identity && recall(identity, command.earlier, decider, mates)
      if (known) {
        outcomes = grown(outcomes, known)
        continue
      }
      const decided = decide(model, actorId, after, command, now, events.length)
      if (events.length > 0 && events.length + decided.events.length > context.limits.batchEvents)
        break
      if (identity) (mates ??= new Map()).set(identity.id, { digest: identity.digest, decided })
      outcomes = grown(outcomes, decided)
      if (ofSeveral) ofSeveral.push(...decided.events)
      else if (events.length === 0) events = decided.events
      else events = ofSeveral = [...events, ...decided.events]
      after = decided.after
    } catch (error) {
      outcomes = grown(outcomes, { kind: 'failed', error })
    } finally {
      since = reportIfSlow(actorId, command, since, context)
    }
  }
  return { outcomes: outcomes ?? [], events, after }
}

/** Whoever blocks the event loop is named: nobody else would find out. Tells what time it is. */
function reportIfSlow(
  actorId: ActorId,
  { name }: Command,
  since: number,
  { limits, clock, logger }: DecisionContext,
): number {
  const now = clock.monotonic()
  const tookMs = Math.round(now - since)
  if (tookMs >= limits.slowDecisionMs) {
    const message = `${actorId} blocked the event loop for ${tookMs} ms in ${name}`
    logger.warn({ actorId, command: name, tookMs }, message)
  }
  return now
}

/** An earlier command of the batch. */
interface Mate {
  readonly digest: string
  readonly decided: Decided
}

/** @throws AetherError `id-reused` */
function recall(
  { id, digest }: CommandIdentity,
  earlier: CommandRecord | undefined,
  { memoryIfAny, actorId }: Decider,
  mates: ReadonlyMap<string, Mate> | undefined,
): Outcome | undefined {
  const record = memoryIfAny?.find(id) ?? earlier
  const mate = mates?.get(id)
  const known = record ?? mate
  if (known && known.digest !== digest) {
    throw new AetherError(
      'id-reused',
      `command id ${JSON.stringify(id)} was given to another command of ${actorId}`,
    )
  }
  return record ? { kind: 'repeated', record } : mate?.decided
}
