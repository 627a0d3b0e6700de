import { hostname } from 'node:os'
import {
  type ActorDefinition,
  ActorHost,
  type ActorLimits,
  ActorRefs,
  Reminders,
} from '../actors/index.ts'
import type { EventBus } from '../bus/index.ts'
import { type Clock, type IdSource, type Logger, randomIds } from '../core/index.ts'
import { type LeaseTimes, Projections, type ReaderDefinition } from '../projections/index.ts'
import type { EventStore } from '../store/index.ts'
import type { Telemetry } from '../telemetry/index.ts'
import { observeActors } from './actor-gauges.ts'
import { observeBus } from './bus-counters.ts'
import { isInTime } from './limited-wait.ts'
import { observeDeliveries } from './delivery-gauge.ts'
import { observeReaders } from './reader-gauges.ts'
import { type Readiness, readinessOf } from './readiness.ts'
import type { WriteWatch } from './write-watch.ts'

/** What a node runs on. */
export interface NodeComponents {
  readonly store: EventStore
  readonly bus: EventBus
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly limits: ActorLimits
  readonly telemetry: Telemetry
  readonly writes: WriteWatch
  readonly leases: LeaseTimes
  readonly closeTimeoutMs: number
}

/** The readers of the log of a node. */
interface NodeReaders {
  readonly run: readonly ReaderDefinition[]
  readonly watched: readonly ReaderDefinition[]
}

/** What runs in a node: how its actors, reminders and readers are joined, watched and ended. */
export class NodeRuntime {
  readonly store: EventStore
  readonly bus: EventBus
  readonly telemetry: Telemetry
  readonly actors: ActorHost
  readonly refs: ActorRefs
  readonly reminders: Reminders
  readonly projections: Projections
  readonly #components: NodeComponents
  #closing: Promise<void> | undefined

  /** @throws AetherError `invalid-definition` */
  constructor(
    actors: readonly ActorDefinition[],
    components: NodeComponents,
    { run, watched }: NodeReaders,
  ) {
    const { store, bus, clock, telemetry } = components
    this.store = store
    this.bus = bus
    this.telemetry = telemetry
    this.#components = components
    const shared = { ...components, observer: telemetry.actors, tracing: telemetry.tracing }
    this.actors = new ActorHost(actors, shared)
    this.refs = new ActorRefs(this.actors)
    this.reminders = new Reminders({ ...shared, agenda: store.agenda, host: this.actors })
    this.projections = new Projections(run, watched, {
      ...components,
      reach: { host: this.actors, reminders: this.reminders },
      observer: telemetry.readers,
      memberId: nodeName(),
    })
    observeBus(telemetry.metrics, bus)
    observeActors(telemetry.metrics, this.actors)
    observeDeliveries(telemetry.metrics, this.reminders, clock)
    observeReaders(telemetry.metrics, this.projections, clock)
    telemetry.connect()
  }

  /** Whether the store takes writes and answers, and no reader has failed or is stuck. Never throws. */
  async readiness(): Promise<Readiness> {
    if (this.#closing)
      return { ready: false, reasons: [{ what: 'node', problem: 'it was closed' }] }
    const { store, clock, writes } = this.#components
    return readinessOf({ store, writes, readers: this.projections.health(), clock })
  }

  /** Ends what is under way, for `closeTimeoutMs` at most, then what it runs on. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { clock, logger, closeTimeoutMs } = this.#components
    const isDone = await isInTime(clock, closeTimeoutMs, this.#finish())
    if (!isDone) {
      const message = `the node was closed without what was still under way after ${closeTimeoutMs} ms: what was answered is stored, and events that were being handled will be handled again`
      logger.warn({ closeTimeoutMs }, message)
    }
    await this.bus.close()
    await this.store.close()
    this.telemetry[Symbol.dispose]()
  }

  /** Who sends commands ends before those that they are sent to. */
  async #finish(): Promise<void> {
    await this.projections[Symbol.asyncDispose]()
    await this.reminders.close()
    await this.actors.close()
  }
}

/** For people who want to know which process it is. */
function nodeName(): string {
  return `${hostname()}:${process.pid}/${randomIds().slice(0, 8)}`
}
