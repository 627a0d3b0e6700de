import type { Clock, Logger, Tracing, TurnClock } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ActorObserver } from './actor-observer.ts'
import type { ActorLimits } from './limits.ts'
import type { Quarantine } from './quarantine.ts'
import type { SnapshotKeeper } from './snapshot-keeper.ts'
import type { Turns } from './turns.ts'

/** What all actors of a process share. */
export interface Surroundings {
  readonly store: EventStore
  readonly clock: TurnClock
  readonly logger: Logger
  readonly limits: ActorLimits
  readonly observer: ActorObserver
  /** Undefined where nobody records traces. */
  readonly tracing: Tracing | undefined
  readonly quarantine: Quarantine
  readonly snapshots: SnapshotKeeper
  readonly turns: Turns
}

/** What a host is given, to make the rest of. */
export interface HostComponents extends Omit<
  Surroundings,
  'clock' | 'quarantine' | 'snapshots' | 'turns'
> {
  readonly clock: Clock
}
