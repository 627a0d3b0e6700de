import { AetherError, type Clock, type Logger, unlessAborted } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import type { ReaderDefinition } from './definition/reader-definition.ts'
import type { ReaderKind } from './definition/reader-model.ts'
import { joinMembers, type LeaseTimes } from './membership/join-members.ts'
import type { Reach } from './policies/reaction.ts'
import type { ReaderObserver } from './reading/reader-observer.ts'
import { type Crew, membersTable } from './steering/crew.ts'
import { ProjectionHandle } from './steering/projection-handle.ts'
import type { ProjectionStatus } from './steering/projection-status.ts'
import type { ReaderHealth } from './steering/reader-health.ts'
import { ReaderHost } from './steering/reader-host.ts'
import type { SeenReader } from './steering/seen-reader.ts'
import type { InspectOptions } from './steering/steering-options.ts'
import { WatchedReader } from './steering/watched-reader.ts'
import { ViewReader } from './views/view-reader.ts'

export interface ProjectionsContext {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  /** What policies can reach. */
  readonly reach: Reach
  /** @default nobody is told */
  readonly observer?: ReaderObserver
  /** What the others who share the parts of the readers call this node. */
  readonly memberId: string
  readonly leases?: LeaseTimes
}

/** The readers of the log that run on a node, and those that it watches. */
export class Projections implements AsyncDisposable {
  readonly #context: ProjectionsContext
  readonly #hosts = new Map<string, ReaderHost>()
  /** Those that run elsewhere. */
  readonly #watched = new Map<string, WatchedReader>()

  /**
   * @param watched those that other nodes run
   * @throws AetherError `invalid-definition` for two of one name
   */
  constructor(
    definitions: readonly ReaderDefinition[],
    watched: readonly ReaderDefinition[],
    context: ProjectionsContext,
  ) {
    this.#context = context
    const all = [...definitions, ...watched]
    checkNames(all)
    const { store, clock, logger, reach, observer = {} } = context
    const crew = crewOf(context)
    // Before any of them runs, as nobody would end it.
    for (const { model } of all) model.checkStore?.(store)
    for (const { name, model } of definitions) {
      const host = new ReaderHost(model, { store, clock, logger, reach, observer, crew })
      this.#hosts.set(name, host)
    }
    for (const { name, model } of watched)
      this.#watched.set(name, new WatchedReader(model, { store, clock, logger }))
  }

  /**
   * Resolves once it is kept where each policy begins that was never started before: what happens from
   * then on is not missed.
   * @throws AetherError `store-unavailable`
   */
  async begun(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.begun()))
  }

  /** The documents of a view. @throws AetherError `unknown-projection` */
  view(name: string): ViewReader {
    const reader = this.#find(name)
    if (reader?.model.kind === 'view')
      return new ViewReader(this.#context.store, () => reader.activeBuild())
    throw this.#unknown('view', name, (kind) => kind === 'view')
  }

  /** @throws AetherError `unknown-projection` */
  handle(name: string): ProjectionHandle {
    const reader = this.#find(name)
    if (reader) return new ProjectionHandle(reader)
    throw this.#unknown('projection', name, () => true)
  }

  /** Whether those that run here work, without asking anybody. */
  health(): readonly ReaderHealth[] {
    return Array.from(this.#hosts.values(), ({ health }) => health)
  }

  /** Of those that run here, and of those that are watched. */
  async status({ signal }: InspectOptions = {}): Promise<readonly ProjectionStatus[]> {
    const all = this.#all
    return unlessAborted(signal, () => Promise.all(all.map((reader) => reader.status())))
  }

  /** Of those that run here. */
  async ownStatus(): Promise<readonly ProjectionStatus[]> {
    return Promise.all([...this.#hosts.values()].map((host) => host.status()))
  }

  /** What asks the store how those that are watched are doing, each by itself, as {@link WatchedReader.glance} does. */
  get glances(): readonly (() => Promise<ProjectionStatus>)[] {
    return Array.from(this.#watched.values(), (reader) => () => reader.glance())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((reader) => reader[Symbol.asyncDispose]()))
  }

  get #all(): readonly SeenReader[] {
    return [...this.#hosts.values(), ...this.#watched.values()]
  }

  #find(name: string): SeenReader | undefined {
    return this.#hosts.get(name) ?? this.#watched.get(name)
  }

  #unknown(what: string, name: string, isOne: (kind: ReaderKind) => boolean): AetherError {
    const ones = this.#all.filter(({ model }) => isOne(model.kind))
    const known = ones.map(({ model }) => model.name).join(', ') || 'none'
    const message = `no ${what} ${JSON.stringify(name)} was given to open(), to run or to be watched; there is ${known}`
    return new AetherError('unknown-projection', message)
  }
}

/** All nodes of the store that run the same readers. */
function crewOf({ store, memberId, clock, logger, leases }: ProjectionsContext): Crew {
  return {
    async join(group, parts) {
      const table = await store.table(membersTable)
      return joinMembers({ table, group, parts, memberId, clock, logger, ...leases })
    },
  }
}

function checkNames(definitions: readonly ReaderDefinition[]): void {
  const names = definitions.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice === undefined) return
  throw new AetherError('invalid-definition', `two readers of the log are called ${twice}`)
}
