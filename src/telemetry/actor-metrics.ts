import type { ActorObserver, DeliveryOutcome, PassivationReason } from '../actors/index.ts'
import type { Count, Counter } from './metrics/counter.ts'
import type { Histogram, Spread } from './metrics/histogram.ts'
import type { MetricRegistry } from './metrics/metric-registry.ts'
import { outcomeOf } from './outcome.ts'

const actorType = 'aether.actor.type'
const outcome = 'aether.outcome'

/** Counts what happens to actors. */
export class ActorMetrics implements ActorObserver {
  readonly #commands: Counter
  readonly #durations: Histogram
  readonly #transactions: Counter
  readonly #activations: Counter
  readonly #passivations: Counter
  readonly #loads: Histogram
  readonly #replayed: Counter
  readonly #snapshotLoads: Counter
  readonly #snapshotSaves: Counter
  readonly #deliveries: Counter
  /** By type and name, so that a command makes no key of its labels. */
  readonly #ofCommands = new Map<string, Map<string, CommandSeries>>()

  constructor(registry: MetricRegistry) {
    this.#commands = registry.counter({
      name: 'aether.commands',
      unit: '{command}',
      description: 'Commands that were answered.',
      labels: [actorType, 'aether.command', outcome],
    })
    this.#durations = registry.durations({
      name: 'aether.command.duration',
      description: 'From the sending of a command to its answer.',
      labels: [actorType, 'aether.command'],
    })
    this.#transactions = registry.counter({
      name: 'aether.transactions',
      unit: '{transaction}',
      description: 'Decisions over several actors that were answered.',
      labels: ['aether.transaction', outcome],
    })
    this.#activations = registry.counter({
      name: 'aether.actor.activations',
      unit: '{actor}',
      description: 'Actors that came into memory.',
      labels: [actorType],
    })
    this.#passivations = registry.counter({
      name: 'aether.actor.passivations',
      unit: '{actor}',
      description: 'Actors that left memory: they were idle, or had to make room.',
      labels: [actorType, 'aether.reason'],
    })
    this.#loads = registry.durations({
      name: 'aether.actor.load.duration',
      description: 'Reading what happened to an actor, behind its snapshot if it has one.',
      labels: [actorType],
    })
    this.#replayed = registry.counter({
      name: 'aether.actor.load.events',
      unit: '{event}',
      description: 'Events that were read to know what an actor is.',
      labels: [actorType],
    })
    this.#snapshotLoads = registry.counter({
      name: 'aether.snapshot.loads',
      unit: '{snapshot}',
      description: 'Snapshots that were looked for.',
      labels: [actorType, outcome],
    })
    this.#snapshotSaves = registry.counter({
      name: 'aether.snapshot.saves',
      unit: '{snapshot}',
      description: 'Snapshots that were to be kept.',
      labels: [actorType, outcome],
    })
    this.#deliveries = registry.counter({
      name: 'aether.deliveries',
      unit: '{delivery}',
      description: 'Messages and reminders that were delivered, or are tried again.',
      labels: [actorType, 'aether.kind', outcome],
    })
  }

  answered(
    type: string | undefined,
    command: string | undefined,
    ms: number,
    error?: unknown,
  ): void {
    if (error !== undefined)
      this.#commands.count(type ?? '', command ?? '', outcomeOf(error)).value++
    if (type === undefined || command === undefined) return
    const { done, durations } = this.#seriesOf(type, command)
    if (error === undefined) done.value++
    durations.record(ms / 1_000)
  }

  transacted(name: string | undefined, error?: unknown): void {
    this.#transactions.count(name ?? '', outcomeOf(error)).value++
  }

  activated(type: string): void {
    this.#activations.count(type).value++
  }

  passivated(type: string, why: PassivationReason): void {
    this.#passivations.count(type, why).value++
  }

  loaded(type: string, { events, ms }: { readonly events: number; readonly ms: number }): void {
    this.#loads.spread(type).record(ms / 1_000)
    this.#replayed.count(type).value += events
  }

  snapshotLoaded(type: string, isFound: boolean): void {
    this.#snapshotLoads.count(type, isFound ? 'hit' : 'miss').value++
  }

  snapshotSaved(type: string, what: 'saved' | 'superseded' | 'failed'): void {
    this.#snapshotSaves.count(type, what).value++
  }

  delivered(type: string, kind: string, what: DeliveryOutcome): void {
    this.#deliveries.count(type, kind, what).value++
  }

  /** Types and names come from definitions, so there are few. */
  #seriesOf(type: string, command: string): CommandSeries {
    let ofType = this.#ofCommands.get(type)
    if (!ofType) this.#ofCommands.set(type, (ofType = new Map<string, CommandSeries>()))
    const known = ofType.get(command)
    if (known) return known
    const series = {
      done: this.#commands.count(type, command, outcomeOf(undefined)),
      durations: this.#durations.spread(type, command),
    }
    ofType.set(command, series)
    return series
  }
}

interface CommandSeries {
  readonly done: Count
  readonly durations: Spread
}
