import { type ActorDefinition, type ActorLimits, completeLimits } from '../actors/index.ts'
import { type EventBusOptions, openEventBus } from '../bus/index.ts'
import {
  AetherError,
  type Clock,
  type IdSource,
  type Logger,
  randomIds,
  steadyLogger,
  systemClock,
  TurnClock,
} from '../core/index.ts'
import type {
  LeaseTimes,
  PolicyDefinition,
  ProjectionDefinition,
  ReaderDefinition,
  ViewDefinition,
} from '../projections/index.ts'
import type { Backend, EventStore } from '../store/index.ts'
import { Telemetry } from '../telemetry/index.ts'
import { NodeRuntime } from './node-runtime.ts'
import { Node } from './node.ts'
import { WriteWatch } from './write-watch.ts'

/** The longest that a timer can wait. */
const maxTimeoutMs = 2_147_483_647

/** What a node is made of. */
export interface OpenOptions<
  Actors extends ActorDefinition,
  Read extends ViewDefinition | ProjectionDefinition = ViewDefinition | ProjectionDefinition,
  Policies extends PolicyDefinition = PolicyDefinition,
  Watched extends ReaderDefinition = ReaderDefinition,
> {
  /** Where events are kept: `sqlite('bank.db')`, `nats({ servers })`, `memory()`. */
  readonly backend: Backend
  /** The definitions that run here. */
  readonly actors: readonly Actors[]
  /** The views and projections that run here, together with other nodes. @default none */
  readonly projections?: readonly Read[]
  /** What follows from events, whichever node stored them. @default nothing */
  readonly policies?: readonly Policies[]
  /**
   * Views, projections and policies that other nodes run: here they are read, waited for and steered. This node
   * does none of their work, and is ready whatever becomes of them. @default none
   */
  readonly watched?: readonly Watched[]
  /** When the projections and policies of a node that fell silent go to others. */
  readonly leases?: LeaseTimes
  /** The bounds of the runtime. @default see {@link ActorLimits} */
  readonly limits?: Partial<ActorLimits>
  /** Settings of the node's bus: whether others are told of what is stored here. */
  readonly bus?: Pick<EventBusOptions, 'announceStored'>
  /**
   * How long `close()` waits for handlers and commands under way, in milliseconds; then it says so and closes
   * without them. @default 30,000
   */
  readonly closeTimeoutMs?: number
  /** @default the system's */
  readonly clock?: Clock
  /** Makes the ids of events, messages and reminders. @default UUIDs */
  readonly ids?: IdSource
  /** Is told what no caller can be: a pino logger fits. @default warnings of the process */
  readonly logger?: Logger
}

/**
 * Opens the backend and runs the actors on it.
 * @throws AetherError `invalid-argument`, `incompatible-store`, `store-unavailable`, `missing-dependency`,
 * `invalid-definition` for two definitions of one type, or two readers of one name
 */
export async function open<
  const Actors extends ActorDefinition,
  const Read extends ViewDefinition | ProjectionDefinition = never,
  const Policies extends PolicyDefinition = never,
  const Watched extends ReaderDefinition = never,
>(
  options: OpenOptions<Actors, Read, Policies, Watched>,
): Promise<Node<Actors, Read | Policies | Watched>> {
  const { backend, actors, ids = randomIds } = options
  const clock = TurnClock.around(options.clock ?? systemClock)
  const logger = steadyLogger(options.logger)
  const limits = completeLimits(options.limits)
  const closeTimeoutMs = checkTimeout(options.closeTimeoutMs ?? 30_000)
  const telemetry = await Telemetry.find(clock, logger)
  const writes = new WriteWatch(telemetry.store, clock)
  const store = await backend.openStore({
    clock,
    logger,
    ...(options.ids && { ids }),
    maxEventsPerAppend: limits.batchEvents,
    observer: writes,
  })
  const runtime = await runtimeOn(store, () => {
    const { projections = [], policies = [], watched = [], leases = {} } = options
    const bus = openEventBus(store, { ...options.bus, clock, ids, logger })
    const shared = { clock, ids, logger, limits, telemetry, writes, leases, closeTimeoutMs }
    return new NodeRuntime(
      actors,
      { ...shared, store, bus },
      { run: [...projections, ...policies], watched },
    )
  })
  try {
    await runtime.projections.begun()
    return new Node(runtime)
  } catch (error) {
    await runtime.close()
    throw error
  }
}

/** @throws AetherError `invalid-argument` beyond what a timer can wait */
function checkTimeout(closeTimeoutMs: number): number {
  const isOne = Number.isSafeInteger(closeTimeoutMs) && closeTimeoutMs >= 0
  if (isOne && closeTimeoutMs <= maxTimeoutMs) return closeTimeoutMs
  const message = `closeTimeoutMs must be a whole number from 0 to ${maxTimeoutMs}, not ${String(closeTimeoutMs)}`
  throw new AetherError('invalid-argument', message)
}

async function runtimeOn(store: EventStore, make: () => NodeRuntime): Promise<NodeRuntime> {
  try {
    return make()
  } catch (error) {
    await store.close()
    throw error
  }
}
