import type { ActorDefinition } from '../actors/index.ts'
import { memory } from '../backends/memory/index.ts'
import { type Node, open, type OpenOptions } from '../node/index.ts'
import { Logbook } from './logbook.ts'
import { sequentialIds } from './sequential-ids.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What a test may say about its node. */
export interface TestNodeOptions<Actors extends ActorDefinition> extends Omit<
  OpenOptions<Actors>,
  'backend' | 'clock' | 'logger'
> {
  /** @default a memory of its own */
  readonly backend?: OpenOptions<Actors>['backend']
  /** @default one of its own */
  readonly clock?: VirtualClock
}

/** A node in memory whose time and ids belong to the test. Made by {@link testNode}. */
export class TestNode<Actors extends ActorDefinition> implements AsyncDisposable {
  readonly clock: VirtualClock
  /** What the node told its logger. */
  readonly log: Logbook
  readonly #open: () => Promise<Node<Actors>>
  #node: Node<Actors>

  constructor(
    node: Node<Actors>,
    reopen: () => Promise<Node<Actors>>,
    { clock, log }: { readonly clock: VirtualClock; readonly log: Logbook },
  ) {
    this.#node = node
    this.#open = reopen
    this.clock = clock
    this.log = log
  }

  /** The node of now: another one after {@link restart}. */
  get node(): Node<Actors> {
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
 * @throws as `open()`
 */
export async function testNode<const Actors extends ActorDefinition>(
  options: TestNodeOptions<Actors>,
): Promise<TestNode<Actors>> {
  const { clock = new VirtualClock(), backend = memory(), ids = sequentialIds('e') } = options
  const log = new Logbook()
  const reopen = (): Promise<Node<Actors>> =>
    open<Actors>({ ...options, backend, clock, ids, logger: log })
  return new TestNode(await reopen(), reopen, { clock, log })
}
