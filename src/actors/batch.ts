import { AetherError, type ActorId, type NewEvent } from '../core/index.ts'
import type { Command, CommandIdentity } from './command.ts'
import type { CommandMemory, CommandRecord } from './command-memory.ts'
import { decide } from './decide.ts'
import type { ActorState } from './fold.ts'
import type { ActorModel } from './model.ts'

/** What would happen if these commands were stored as one append. */
export interface BatchPlan {
  /** One for each command that is in the append, in order; commands behind it wait for the next. */
  readonly outcomes: readonly Outcome[]
  readonly events: readonly NewEvent[]
  /** The state once the events are stored. */
  readonly after: ActorState
}

export type Outcome =
  /** Its events are those of the plan from `firstIndex` on; `after` is the state behind them. */
  | {
      readonly kind: 'decided'
      readonly firstIndex: number
      readonly count: number
      readonly after: ActorState
    }
  /** Stored before: to be answered as it was then. */
  | { readonly kind: 'repeated'; readonly record: CommandRecord }
  /** The same command as an earlier one of this batch. */
  | { readonly kind: 'shared'; readonly outcomeIndex: number }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface BatchContext {
  readonly model: ActorModel
  readonly actorId: ActorId
  readonly memory: CommandMemory
  readonly maxEvents: number
  readonly now: number
}

/**
 * Decides the commands one after the other, each on the state that its predecessors would leave.
 * One that is rejected or fails leaves no trace in what follows.
 */
export function planBatch(
  before: ActorState,
  commands: readonly Command[],
  context: BatchContext,
): BatchPlan {
  const events: NewEvent[] = []
  const outcomes: Outcome[] = []
  const mates = new Map<string, Mate>()
  let after = before
  for (const command of commands) {
    try {
      const known = command.identity && recall(command.identity, context, mates)
      if (known) {
        outcomes.push(known)
        continue
      }
      const decided = decide(context.model, context.actorId, after, command, context.now)
      if (events.length > 0 && events.length + decided.events.length > context.maxEvents) break
      if (command.identity)
        mates.set(command.identity.id, { ...command.identity, outcomeIndex: outcomes.length })
      const { events: own, after: ownAfter } = decided
      outcomes.push({
        kind: 'decided',
        firstIndex: events.length,
        count: own.length,
        after: ownAfter,
      })
      events.push(...own)
      after = ownAfter
    } catch (error) {
      outcomes.push({ kind: 'failed', error })
    }
  }
  return { outcomes, events, after }
}

interface Mate extends CommandIdentity {
  readonly outcomeIndex: number
}

/** @throws AetherError `id-reused` */
function recall(
  { id, digest }: CommandIdentity,
  { memory, actorId }: BatchContext,
  mates: ReadonlyMap<string, Mate>,
): Outcome | undefined {
  const record = memory.find(id)
  const mate = mates.get(id)
  const known = record ?? mate
  if (known && known.digest !== digest) {
    throw new AetherError(
      'id-reused',
      `command id ${JSON.stringify(id)} was given to another command of ${actorId}`,
    )
  }
  if (record) return { kind: 'repeated', record }
  return mate && { kind: 'shared', outcomeIndex: mate.outcomeIndex }
}
