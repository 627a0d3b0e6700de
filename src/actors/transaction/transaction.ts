import {
  type ActorId,
  ActorFailedError,
  AetherError,
  CommandRejectedError,
  type Metadata,
  type TraceSpan,
  VersionConflictError,
} from '../../core/index.ts'
import { storeTraced } from '../deciding/append-span.ts'
import type {
  CommandIdentity,
  CommandOptions,
  CommandRecord,
  CommandResult,
  DeliveryOptions,
  Since,
} from '../deciding/command.ts'
import { findEarlier } from '../deciding/earlier-events.ts'
import { checkDecision } from '../deciding/check-decision.ts'
import { shownDetails } from '../deciding/decide.ts'
import { isRejection, type Rejection } from '../definition/reject.ts'
import type { LiveActor } from '../live/live-actor.ts'
import type { Surroundings } from '../live/surroundings.ts'
import type { ActorState } from '../replay/fold.ts'
import type { HeldActors } from './held-actors.ts'
import type { BoundEvent, Participant } from './participant.ts'
import { Share, type TransactionActor } from './share.ts'

/** What may be said with a transaction besides its actors and its decision. */
export interface TransactionOptions extends CommandOptions {
  /**
   * What it is called in spans, metrics and errors, as a command is there by its name: letters, digits, `_` and
   * `-`, beginning with a letter, 64 at most. Name what is done, never whom it concerns.
   * @default none: it is a `transact` as any other
   */
  readonly name?: string
  /**
   * What it is decided on besides the states, as JSON: with a `commandId`, the same id with other actors or
   * another input is `id-reused`. A decision can't be compared with another one, so give it where the actors
   * alone don't say what is asked for.
   * @default none
   */
  readonly input?: unknown
  /**
   * Actors that get no event are only asked for their versions right before the commit: another process may change
   * one in that moment. On JetStream, an actor that is guarded costs a message more, and the commit is an atomic
   * batch.
   * @default false: stored if and only if each of the actors stands where the decision saw it
   */
  readonly unguarded?: boolean
}

/** The same of one that is carried out for somebody else. */
export type TransactionDelivery = TransactionOptions & Pick<DeliveryOptions, 'since'>

/** Events of the actors taking part, or a refusal. */
export type TransactionDecision = BoundEvent | readonly BoundEvent[] | Rejection | undefined | void

/** What a transaction may know besides the actors. */
export interface TransactionContext {
  /** Milliseconds since 1970, UTC, by the node's clock. */
  readonly now: number
  readonly commandId: string | undefined
  readonly metadata: Metadata
}

/** A decision over several actors, and how it is asked for. */
export interface Transaction {
  readonly decide: (
    participants: readonly Participant[],
    context: TransactionContext,
  ) => TransactionDecision
  /** What refusals and failures call it. */
  readonly name: string
  readonly identity: CommandIdentity | undefined
  /** It may have been carried out since then, and be forgotten. */
  readonly since: Since | undefined
  readonly metadata: Metadata
  /** Whether actors that get no event are not guarded by its commit. */
  readonly isUnguarded: boolean
  /** What is to be seen of it in a trace, where one is recorded. */
  readonly span: TraceSpan | undefined
}

/** One try of a transaction. */
interface Attempt extends Transaction {
  /** In the order of the caller. */
  readonly actors: readonly TransactionActor[]
  /** What is done with an actor that is guarded by a commit on its way. */
  readonly onGuarded: (actorId: ActorId) => void
}

type KnownState = Awaited<ReturnType<LiveActor['state']>>

/** A repeated transaction replies nothing. */
const silent = { name: 'transact', model: { reply: undefined } }

/**
 * Decides over the states of several actors and stores what was decided in one commit: all of it or
 * nothing. If another writer was faster, it is decided again on what is stored.
 *
 * An actor that is only guarded is let go as soon as the commit is on its way, so that decisions which read the
 * same one need not wait for each other. Should somebody change it in that moment, all are held to the end of the
 * next try, and of the only one where none would follow.
 * @throws AetherError `command-rejected`, `version-conflict`, `actor-failed`, `id-reused`, and those
 * of the store
 */
export async function transact(
  transaction: Transaction,
  held: HeldActors,
  around: Surroundings,
): Promise<CommandResult[]> {
  const { conflictRetries } = around.limits
  const keep = (): void => undefined
  let onGuarded = conflictRetries > 0 ? (actorId: ActorId) => held.letGo(actorId) : keep
  try {
    for (let retriesLeft = conflictRetries; ; retriesLeft--) {
      const { actors } = held
      const outcome = await attempt({ ...transaction, actors, onGuarded }, around)
      if (Array.isArray(outcome)) {
        for (const { live } of actors) around.quarantine.noteSuccess(live.actorId)
        return outcome
      }
      if (retriesLeft <= 0) throw outcome
      await held.holdAgain()
      held.forgetStates()
      onGuarded = keep
    }
  } catch (error) {
    // A refusal rests on what is stored; after anything else only the store knows.
    if (!(error instanceof CommandRejectedError)) held.forgetStates()
    throw error
  }
}

/** The results, or what was in the way. */
async function attempt(
  transaction: Attempt,
  around: Surroundings,
): Promise<CommandResult[] | VersionConflictError> {
  const { actors, identity } = transaction
  const known = await Promise.all(actors.map(({ live }) => stateOf(live, around)))
  if (identity) {
    const repeat = await repeatOf(transaction, identity, around)
    if (repeat) return answersOf(actors, identity, repeat)
  }
  const states = known.map(({ state }) => state)
  const shares = decide(transaction, states, around)
  const parts = shares instanceof CommandRejectedError ? [] : partsOf(shares, transaction)
  // While others were being read, what was read first may have changed.
  const isOfNow = known.length === 1 && known[0]?.isFresh
  for (const [index, { live }] of actors.entries()) {
    // What the decision rests on and no commit guards has to be asked for.
    if (isOfNow || parts.some(({ actor }) => actor.live === live)) continue
    const { version } = states[index] as ActorState
    const current = await around.store.latestVersion(live.actorId)
    if (current !== version) return new VersionConflictError(live.actorId, version, current)
  }
  if (shares instanceof CommandRejectedError) throw shares
  return parts.length > 0 ? commit(transaction, shares, parts, around) : eventless(shares)
}

/** Whom the commit changes or guards; nobody, where nothing was decided. */
function partsOf(
  shares: readonly Share[],
  { isUnguarded }: Pick<Transaction, 'isUnguarded'>,
): readonly Share[] {
  const changed = shares.filter(hasEvents)
  return changed.length === 0 || isUnguarded ? changed : shares
}

async function stateOf(live: LiveActor, { quarantine }: Surroundings): Promise<KnownState> {
  try {
    return await live.state()
  } catch (error) {
    quarantine.noteFailure(live.actorId, error)
    throw error
  }
}

async function eventless(shares: readonly Share[]): Promise<CommandResult[]> {
  const positions = await Promise.all(shares.map(({ actor }) => actor.live.position()))
  return shares.map((share) => resultOf(share, [], Math.max(...positions)))
}

async function commit(
  transaction: Attempt,
  shares: readonly Share[],
  parts: readonly Share[],
  { store, tracing }: Surroundings,
): Promise<CommandResult[] | VersionConflictError> {
  const appends = parts.map(({ actor, before, events }) => ({
    actorId: actor.live.actorId,
    expectedVersion: before.version,
    events,
  }))
  const changing = appends.filter(({ events }) => events.length > 0)
  const storing = storeTraced(tracing, [transaction], changing, () => store.commit(appends))
  for (const { actorId, events } of appends) if (events.length === 0) transaction.onGuarded(actorId)
  const result = await storing
  if (!result.ok) {
    const { actorId, expectedVersion, currentVersion } = result.conflict
    return new VersionConflictError(actorId, expectedVersion, currentVersion)
  }
  return shares.map((share) => {
    const stored = result.appends[parts.indexOf(share)]?.events ?? []
    if (stored.length > 0) share.actor.live.advance(share.after, stored)
    return resultOf(share, stored, result.position)
  })
}

/** Whoever blocks the event loop is named: nobody else would find out. */
function decide(
  transaction: Attempt,
  states: readonly ActorState[],
  around: Surroundings,
): readonly Share[] | CommandRejectedError {
  const { clock, limits, logger } = around
  const since = clock.monotonic()
  try {
    return decideOver(transaction, states, around)
  } finally {
    const tookMs = Math.round(clock.monotonic() - since)
    if (tookMs >= limits.slowDecisionMs) {
      const actorIds = transaction.actors.map(({ live }) => live.actorId)
      const message = `a decision over ${actorIds.join(' and ')} blocked the event loop for ${tookMs} ms in ${transaction.name}`
      const { name, identity } = transaction
      logger.warn({ actorIds, name, commandId: identity?.id, tookMs }, message)
    }
  }
}

function decideOver(
  { actors, decide: decideAll, name, identity, metadata }: Attempt,
  states: readonly ActorState[],
  { clock, quarantine }: Surroundings,
): readonly Share[] | CommandRejectedError {
  const ids = actors.map(({ live }) => live.actorId)
  const now = clock.now()
  const occasion = { now, metadata, identity }
  const shares = actors.map(
    (actor, index) => new Share(actor, states[index] as ActorState, occasion),
  )
  const participants = shares.map((share) => share.participant())
  let decision: TransactionDecision
  try {
    decision = decideAll(participants, { now, commandId: identity?.id, metadata })
    checkDecision(decision)
  } catch (cause) {
    const share = shares.find((each) => each.hasThrown(cause))
    if (!share) throw new ActorFailedError(ids, name, cause)
    // A command of this actor ends as it would have ended by itself.
    if (cause instanceof CommandRejectedError) return cause
    quarantine.noteFailure(share.actorId, cause)
    throw cause
  }
  if (isRejection(decision)) {
    const { code, details } = decision
    return new CommandRejectedError(ids, name, code, shownDetails(details, ids, name))
  }
  placeAll(listOf(decision), shares, quarantine)
  return shares
}

function placeAll(
  events: readonly BoundEvent[],
  shares: readonly Share[],
  quarantine: Surroundings['quarantine'],
): void {
  for (const event of events) {
    const { actorId, type } = event
    const share = shares.find((each) => each.actorId === actorId)
    if (!share) {
      const message = `a transaction decided ${type} for ${actorId}, which takes no part in it`
      throw new AetherError('invalid-event', message)
    }
    try {
      share.place(event)
    } catch (error) {
      // What its `evolve` throws; that the decision throws is the fault of no actor.
      quarantine.noteFailure(actorId, error)
      throw error
    }
  }
  for (const share of shares) share.assertWhole()
}

function idsOf(actors: readonly Pick<TransactionActor, 'live'>[]): string {
  return actors.map(({ live }) => live.actorId).join(' and ')
}

function hasEvents({ events }: Share): boolean {
  return events.length > 0
}

function listOf(decision: Exclude<TransactionDecision, Rejection>): readonly BoundEvent[] {
  if (decision === undefined || decision === null) return []
  return Array.isArray(decision) ? (decision as readonly BoundEvent[]) : [decision as BoundEvent]
}

/** Where it stands, in those that it changed; undefined where it is carried out for the first time. */
type Repeat = ReadonlyMap<LiveActor, CommandRecord>

/** @throws AetherError `id-reused`, and those of the store */
async function repeatOf(
  { actors, since }: Attempt,
  { id, digest }: CommandIdentity,
  { store }: Surroundings,
): Promise<Repeat | undefined> {
  const repeat = new Map<LiveActor, CommandRecord>()
  for (const { live } of actors) {
    const record = live.memory.find(id) ?? (await findEarlier(store, live.actorId, id, { since }))
    if (record) repeat.set(live, record)
  }
  const others = actors.filter(({ live }) => (repeat.get(live)?.digest ?? digest) !== digest)
  if (others.length > 0) throw idReused(id, actors, others)
  return repeat.size > 0 ? repeat : undefined
}

/** A digest doesn't tell what the other command was; who remembers it can be told. */
function idReused(
  id: string,
  actors: readonly TransactionActor[],
  others: readonly Pick<TransactionActor, 'live'>[],
): AetherError {
  const message =
    `command id ${JSON.stringify(id)} was given to another command, which ${idsOf(others)} remember${others.length > 1 ? '' : 's'}: ` +
    `a repetition must name the same actors in the same order, and the same input; these are ${idsOf(actors)}. ` +
    'Where they follow from a state, ask for the outcome of the id first (node.outcome)'
  return new AetherError('id-reused', message)
}

/** As it was answered the first time; an actor that got no event is shown as it is now. */
async function answersOf(
  actors: readonly TransactionActor[],
  { id }: CommandIdentity,
  repeat: Repeat,
): Promise<CommandResult[]> {
  const results: CommandResult[] = []
  for (const actor of actors) {
    const { live } = actor
    // One that doesn't know the transaction may be behind: another node carried it out.
    if (!live.memory.find(id)) live.forget()
    const { state } = await live.state()
    const record = live.memory.find(id) ?? repeat.get(live)
    results.push(
      record
        ? await live.recall(record, silent)
        : resultOf({ actor, after: state }, [], await live.position()),
    )
  }
  return results
}

function resultOf(
  { actor, after }: Pick<Share, 'actor' | 'after'>,
  events: CommandResult['events'],
  eventlessPosition: number,
): CommandResult {
  const { version, state } = after
  const position = events.at(-1)?.position ?? eventlessPosition
  return { actorId: actor.live.actorId, version, position, events, state, reply: undefined }
}
