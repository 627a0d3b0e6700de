import type { EventStore } from '../event-store.ts'
import type { LogIdentity } from '../log-identity.ts'
import type { InlineStep } from './inline-step.ts'
import type { Progress, ProgressChange, ProjectionBuild } from './progress.ts'

/**
 * Where a projection writes: what it makes of events is stored together with how far it is, or not at
 * all, so that each event counts once. A backend implements it, or whoever has a database of their own.
 *
 * What is the database's own fault is thrown as an AetherError `store-unavailable`, also by what handlers
 * write with: then no event is to blame, and the same may be tried again.
 *
 * @typeParam Tx what handlers write with: a transaction of that database
 * @typeParam Done `void` where a transaction begins and ends in one turn of the event loop: nothing in
 * it may wait then, neither a handler nor `write`
 */
export interface ProjectionTarget<
  Tx = unknown,
  Done extends void | Promise<void> = void | Promise<void>,
> {
  /** For people: `sqlite:views.db`. */
  readonly name: string
  /**
   * Makes ready what a build needs, such as its tables. Called by each member before it writes, also
   * where another has done it before, or does it at the same time.
   * @param log of which it is made, as far as that has an identity: who tells it by `madeOf` writes it down
   * with the build, unless one is written there
   * @throws AetherError `incompatible-store` where another one is written there
   */
  prepare(build: ProjectionBuild, log?: LogIdentity): Promise<void>
  /**
   * How far the parts of a build are, in the order of their names; none before it was prepared. Makes
   * nothing, neither a file nor a table: also those call it who only look.
   * @param parts which ones are asked for; to give others as well does no harm. @default all of them
   */
  load(build: ProjectionBuild, parts?: readonly string[]): Promise<readonly Progress[]>
  /**
   * Runs `write` in a transaction and stores these parts with what it wrote, if and only if each is
   * still of the revision expected. Undefined where another member was faster, or has dropped the build:
   * nothing is stored then, and `write` may not have been called. When `write` throws, nothing is stored
   * and it is thrown on.
   * @returns the parts as they are stored
   * @throws AetherError `store-unavailable`; `invalid-argument` where `write` waits and may not
   */
  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: Tx) => Done,
  ): Promise<readonly Progress[] | undefined>
  /**
   * From now on readers see this build, all at once. May be repeated; a member that is late, with an
   * older build than the one that is read, changes nothing.
   */
  activate(build: ProjectionBuild): Promise<void>
  /**
   * The greatest number of a build of this projection that is known here, also of one that was dropped if
   * that is known; 0 where none is. Makes nothing. By it is found out that the event store has lost what the
   * members agreed on, or is another one: all is made anew then.
   * @default nobody finds out
   */
  newestBuild?(projection: string): Promise<number>
  /**
   * Of which log the newest build of this projection is made, also one that was dropped; undefined where there
   * is none, or that was never written down. Makes nothing. By it nothing is made anew over what was made of
   * another log: that is refused until somebody says `rebuild()`.
   * @default nobody finds out
   */
  madeOf?(projection: string): Promise<LogIdentity | undefined>
  /**
   * What this place is known by: the same for all members that write to the same tables, also after a restart,
   * and never that of another place. Made at random where it has none yet, and kept in it. Called by members
   * alone, before they write. A build is written to one place: a member whose place is another takes no part
   * in it, and says so.
   * @default nobody finds out
   */
  place?(): Promise<string>
  /** Removes a build that nobody reads any more, with its progress. May be repeated. */
  drop(build: ProjectionBuild): Promise<void>
  /** Releases everything. Called once. */
  close(): Promise<void>
  /**
   * Only of a target that writes inside the transactions of an event store: itself, for this store.
   * @throws AetherError `incompatible-store` where the store isn't one of its kind
   */
  inline?(store: EventStore): InlineTarget<Tx>
}

/** A target that can also write inside the transactions in which an event store stores events. */
export interface InlineTarget<Tx = unknown> extends ProjectionTarget<Tx, void> {
  /**
   * From now on each transaction of the store ends with this step: behind its events, and before it is
   * durable. Where the step throws, nothing of the transaction is stored; the commits that shared it are
   * tried each alone then, so that one harms no others.
   * @returns what ends that
   */
  attach(step: InlineStep<Tx>): Disposable
}

/**
 * What a handler may give back: nobody looks at it, but where nothing may wait it can't be a promise, so
 * that an `async` handler doesn't compile.
 *
 * @typeParam Done that of the {@link ProjectionTarget}
 */
export type HandlerResult<Done extends void | Promise<void>> =
  Promise<void> extends Done ? unknown : Immediate

/** All but a promise. */
type Immediate =
  void | null | boolean | number | bigint | string | (object & { readonly then?: never })
