import type { ActorDefinition } from '../../actors/index.ts'
import { memory } from '../../backends/memory/index.ts'
import { AetherError } from '../../core/index.ts'
import { type Node, open, type OpenOptions } from '../../node/index.ts'
import type {
  LeaseTimes,
  PolicyDefinition,
  ProjectionDefinition,
  ReaderDefinition,
  ViewDefinition,
} from '../../projections/index.ts'
import type { Backend } from '../../store/index.ts'
import { Logbook } from '../logbook.ts'
import { sequentialIds } from './sequential-ids.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What a test may say about its node. */
export interface TestNodeOptions<
  Actors extends ActorDefinition,
  Read extends ViewDefinition | ProjectionDefinition = ViewDefinition | ProjectionDefinition,
  Policies extends PolicyDefinition = PolicyDefinition,
  Watched extends ReaderDefinition = ReaderDefinition,
> extends Omit<
  OpenOptions<Actors, Read, Policies, Watched>,
  'backend' | 'clock' | 'leases' | 'logger'
> {
  /** @default a memory of its own */
  readonly backend?: OpenOptions<Actors>['backend']
  /** @default one of its own, which begins at 2026-01-01T00:00:00Z */
  readonly clock?: VirtualClock
  /** @default none to speak of in a memory of its own, where no other node is; else as of `open()` */
  readonly leases?: OpenOptions<Actors>['leases']
}

/** Signs of life that nobody looks for would be most of what happens in a virtual day. */
const aloneLeases: LeaseTimes = { leaseMs: 100 * 86_400_000, renewMs: 40 * 86_400_000 }

/** A node in memory whose time and ids belong to the test. Made by {@link testNode}. */
export class TestNode<
  Actors extends ActorDefinition = ActorDefinition,
  Readers extends ReaderDefinition = ReaderDefinition,
> implements AsyncDisposable {
  readonly clock: VirtualClock
  /** What the node told its logger. */
  readonly log: Logbook
  readonly #open: () => Promise<Node<Actors, Readers>>
  #node: Node<Actors, Readers>

  constructor(
    node: Node<Actors, Readers>,
    reopen: () => Promise<Node<Actors, Readers>>,
    { clock, log }: { readonly clock: VirtualClock; readonly log: Logbook },
  ) {
    this.#node = node
    this.#open = reopen
    this.clock = clock
    this.log = log
  }

  /** The node of now: another one after {@link restart}. */
  get node(): Node<Actors, Readers> {
    return this.#node
  }

  /** Closes the node and opens another one on what is stored. */
  async restart(): Promise<void> {
    await this.#node.close()
    this.#node = await this.#open()
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.#node.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Opens a node in memory with a virtual clock and ids that are the same each time.
 * @throws as `open()`; AetherError `invalid-argument` where a projection's tables are there already, and the
 * node's memory is new: it would make them anew beside what is there, in a time that stands still
 */
export async function testNode<
  const Actors extends ActorDefinition,
  const Read extends ViewDefinition | ProjectionDefinition = never,
  const Policies extends PolicyDefinition = never,
  const Watched extends ReaderDefinition = never,
>(
  options: TestNodeOptions<Actors, Read, Policies, Watched>,
): Promise<TestNode<Actors, Read | Policies | Watched>> {
  const { clock = new VirtualClock(), backend = memory(), ids = sequentialIds('e') } = options
  const leases = options.leases ?? (options.backend ? {} : aloneLeases)
  const log = new Logbook()
  if (!options.backend) await checkTables(backend, options.projections ?? [])
  const reopen = (): Promise<Node<Actors, Read | Policies | Watched>> =>
    open<Actors, Read, Policies, Watched>({ ...options, backend, clock, ids, leases, logger: log })
  return new TestNode(await reopen(), reopen, { clock, log })
}

async function checkTables(
  backend: Backend,
  projections: NonNullable<OpenOptions<ActorDefinition>['projections']>,
): Promise<void> {
  await using store = await backend.openStore()
  for (const { model } of projections) {
    model.checkStore?.(store)
    const target = model.makeTarget(store, model.options)
    if (((await target.newestBuild?.(model.name)) ?? 0) === 0) continue
    const message = `${target.name} has the projection ${model.name} already, of another node or an earlier test: close the tables and remove their file before each test, or give the test another file`
    throw new AetherError('invalid-argument', message)
  }
}
