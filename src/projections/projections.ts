import { AetherError, type Clock, type Logger } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import type { Crew } from './crew.ts'
import { groupMembers } from './membership/group-members.ts'
import { joinMembers, type LeaseTimes } from './membership/join-members.ts'
import { ProjectionHandle } from './projection-handle.ts'
import type { ProjectionStatus } from './projection-status.ts'
import type { Reach } from './reaction.ts'
import type { ReaderDefinition } from './reader-definition.ts'
import type { ReaderHealth } from './reader-health.ts'
import { ReaderHost } from './reader-host.ts'
import type { ReaderObserver } from './reader-observer.ts'
import type { ViewDefinition } from './view.ts'
import { ViewReader } from './view-reader.ts'

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

/** Where the members of all readers of a store find each other. */
const membersTable = 'members'

/** The readers of the log that run on a node. */
export class Projections implements AsyncDisposable {
  readonly #context: ProjectionsContext
  readonly #hosts = new Map<string, ReaderHost>()

  /** @throws AetherError `invalid-definition` for two of one name */
  constructor(definitions: readonly ReaderDefinition[], context: ProjectionsContext) {
    this.#context = context
    checkNames(definitions)
    const { store, clock, logger, reach, observer = {} } = context
    const crew = crewOf(context)
    // Before any of them runs, as nobody would end it.
    for (const { model } of definitions) model.checkStore?.(store)
    for (const { name, model } of definitions) {
      const host = new ReaderHost(model, { store, clock, logger, reach, observer, crew })
      this.#hosts.set(name, host)
    }
  }

  /**
   * Resolves once it is kept where each policy begins that was never started before: what happens from
   * then on is not missed.
   * @throws AetherError `store-unavailable`
   */
  async begun(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.begun()))
  }

  /** The documents of a view that runs here. @throws AetherError `unknown-projection` */
  view<S>({ name }: ViewDefinition<S>): ViewReader<S> {
    const host = this.#hostOf(name)
    return new ViewReader<S>(this.#context.store, () => host.activeBuild())
  }

  /** @throws AetherError `unknown-projection` */
  handle({ name }: Pick<ReaderDefinition, 'name'>): ProjectionHandle {
    return new ProjectionHandle(this.#hostOf(name))
  }

  /** Whether they work, without asking anybody. */
  health(): readonly ReaderHealth[] {
    return Array.from(this.#hosts.values(), ({ health }) => health)
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    return Promise.all([...this.#hosts.values()].map((host) => host.status()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host[Symbol.asyncDispose]()))
  }

  #hostOf(name: string): ReaderHost {
    const host = this.#hosts.get(name)
    if (host) return host
    const known = [...this.#hosts.keys()].join(', ') || 'none'
    const message = `no projection ${JSON.stringify(name)} runs here; there is ${known}`
    throw new AetherError('unknown-projection', message)
  }
}

/** All nodes of the store that run the same readers. */
function crewOf({ store, memberId, clock, logger, leases }: ProjectionsContext): Crew {
  return {
    async join(group, parts) {
      const table = await store.table(membersTable)
      return joinMembers({ table, group, parts, memberId, clock, logger, ...leases })
    },
    async count(group) {
      const groups = await groupMembers(await store.table(membersTable))
      return groups.get(group)?.length ?? 0
    },
  }
}

function checkNames(definitions: readonly ReaderDefinition[]): void {
  const names = definitions.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice === undefined) return
  throw new AetherError('invalid-definition', `two readers of the log are called ${twice}`)
}
