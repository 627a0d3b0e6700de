import { unlessAborted } from '../../core/index.ts'
import type { ParkedActor } from './held-desk.ts'
import type { Reached, ReachedOptions } from './position-waiters.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { SeenReader } from './seen-reader.ts'
import type {
  InspectOptions,
  RebuildOptions,
  SkipOptions,
  SteerOptions,
} from './steering-options.ts'

/**
 * A view or projection: how far it is, and what can be done with it. What it does, all members do.
 * All that it is asked fails with the errors of the store, and with the reason of the signal that was given.
 */
export class ProjectionHandle {
  readonly #reader: SeenReader

  constructor(reader: SeenReader) {
    this.#reader = reader
  }

  get name(): string {
    return this.#reader.model.name
  }

  /**
   * Resolves when everything up to this position has taken effect in what is read, but for the actors that it
   * resolves with, as an event of theirs failed. Wait for the `position` of a command's answer, and you read
   * what you wrote, unless your actor is among them:
   *
   * ```ts
   * const { heldBack } = await node.projection(Balances).reached(position)
   * if (heldBack.includes('account-alice')) … // what is read of it is older
   * ```
   * @throws AetherError `timeout`; `closed` where the node is; `reader-stopped` where it is written to another place than this node's;
   * `incompatible-store`, `unknown-position` where what is read is not of the log as it is; those of
   * the store; the signal's reason
   */
  reached(position: number, options?: ReachedOptions): Promise<Reached> {
    return this.#reader.reached(position, options)
  }

  status({ signal }: InspectOptions = {}): Promise<ProjectionStatus> {
    return unlessAborted(signal, () => this.#reader.status())
  }

  /** Stops all members until {@link resume}, also across restarts; what is read stays as it is. */
  pause(options?: SteerOptions): Promise<void> {
    return this.#reader.desk.pause(true, options)
  }

  resume(options?: SteerOptions): Promise<void> {
    return this.#reader.desk.pause(false, options)
  }

  /**
   * Makes it anew from the beginning of the log, beside what is read, which it replaces when it has caught
   * up. One that is under way already is begun anew. Resolves with the number of the build once that
   * will happen. It is made where this node writes, also if what is read is in another place.
   * @throws AetherError `invalid-argument` for a policy, and where a newer version is there, or, to go back, a node
   * that runs one
   */
  rebuild(options?: RebuildOptions): Promise<number> {
    return this.#reader.desk.rebuild(options)
  }

  /** The actors that are held back, because one of their events failed. */
  parked({ signal }: InspectOptions = {}): Promise<readonly ParkedActor[]> {
    return unlessAborted(signal, () => this.#reader.desk.parked())
  }

  /** Lets an actor that is held back be tried again at once; false where none is. */
  retry(actorId: string, options?: SteerOptions): Promise<boolean> {
    return this.#reader.desk.retry(actorId, options)
  }

  /** {@link retry} for all actors that are held back; resolves with who they are. */
  retryAll(options?: SteerOptions): Promise<readonly string[]> {
    return this.#reader.desk.retryAll(options)
  }

  /**
   * Passes over the one event of an actor that failed, for ever, and goes on behind it; false where none has
   * failed: the actor isn't held back, or what is next was not tried yet. The reason, of 1 to 300 characters,
   * is kept. With the `position` that {@link parked} told, no other event is passed over that failed since.
   * @throws AetherError `invalid-argument` without a reason
   */
  skip(
    actorId: string,
    reason: string,
    { signal, ...options }: SkipOptions = {},
  ): Promise<boolean> {
    return this.#reader.desk.skip(actorId, { ...options, reason }, signal && { signal })
  }
}
