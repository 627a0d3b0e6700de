import type {
  ActorDefinition,
  ActorIdentity,
  ActorRef,
  Arguments,
  CommandOptions,
  CommandsOf,
  LookOptions,
  ParticipantsOf,
  References,
  ReminderSettings,
  ReminderTime,
  StateAt,
  StateOf,
  TellOptions,
  TransactionContext,
  TransactionDecision,
  TransactionOptions,
  TransactionResults,
} from '../../actors/index.ts'
import type { Metadata } from '../../core/index.ts'

/** What may be said with a command of a policy; its id follows from the event. */
export type ReactionOptions = Omit<CommandOptions, 'commandId'>

/**
 * What a policy's handler can do. All commands that it sends carry the event's correlation, user and
 * trace, with the event as their cause, and an id that follows from the policy, the event, the actor,
 * the command, and how many such came before: so a handler that is called again for the same event, and
 * does the same in the same order, has done it once. That holds however late it is called
 * again; but not for commands that were refused or made no event.
 *
 * Its functions may be taken out of it: `(event, { get }) => …`.
 */
export interface PolicyContext {
  /** The name of the policy. */
  readonly name: string
  /**
   * The same whenever this policy handles this event, and for nothing else: for services outside that
   * do once what they are asked twice under one key.
   */
  readonly idempotencyKey: string
  /** Aborts when the node closes, and when somebody else handles the events of this actor. */
  readonly signal: AbortSignal
  /** What the events that follow from this one have in common: for whoever stores some by themselves. */
  readonly metadata: Metadata

  /**
   * One actor, to send commands to, as `node.get`: `await ctx.get(Stock, 'lamp').ship({ order })` waits for the answer.
   * @throws AetherError `invalid-actor-id`; a command, `command-rejected` and as any
   */
  readonly get: <D extends ActorDefinition>(
    definition: D,
    key: string,
  ) => ActorRef<D, ReactionOptions>

  /** Sends a command that is durable before it is executed: resolves with the id of the message. */
  readonly tell: <D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    ...args: Arguments<CommandsOf<D>[K], Omit<TellOptions, 'commandId'>>
  ) => Promise<string>

  /** Sends a command later, or again and again. It replaces the actor's reminder of that name. */
  readonly schedule: <D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    input: Arguments<CommandsOf<D>[K], never>[0],
    options: Omit<ReminderSettings, 'commandId'> & ReminderTime,
  ) => Promise<string>

  /** Cancels a reminder; false where it has fired or was not there. */
  readonly unschedule: (actor: ActorIdentity<ActorDefinition>, name: string) => Promise<boolean>

  /** What an actor is now, or was at a version: read for as long as the store tries, unless `timeoutMs` says otherwise. */
  readonly state: <D extends ActorDefinition>(
    actor: ActorIdentity<D>,
    options?: LookOptions,
  ) => Promise<StateAt<StateOf<D>>>

  /**
   * Decides over several actors in one commit.
   * @throws AetherError `command-rejected`, and as a command
   */
  readonly transact: <const Refs extends References>(
    actors: Refs,
    decide: (
      participants: ParticipantsOf<Refs>,
      context: TransactionContext,
    ) => TransactionDecision,
    options?: ReactionOptions & Pick<TransactionOptions, 'name'>,
  ) => Promise<TransactionResults<Refs>>
}
