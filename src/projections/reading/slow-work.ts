import type { Clock, Logger, StoredEvent } from '../../core/index.ts'
import type { Todo } from './event-intake.ts'
import type { HandlerRun } from './handler-run.ts'
import type { ReaderName } from './reader-observer.ts'

/** What is waited for: the handling of an event, or else that the target stores what came of some. */
type Work = Todo | HandlerRun

interface Around {
  readonly name: ReaderName
  readonly clock: Clock
  readonly logger: Logger
  /** What is waited for at this moment: each the same object as long as it is the same work. */
  readonly underWay: () => Iterable<Work>
}

/** What takes longer is told. */
const slowMs = 60_000
/** How often it is looked. */
const lookMs = 10_000

interface Sighting {
  readonly sinceMs: number
  readonly isTold: boolean
}

/**
 * Tells the logger once of each handler that doesn't end, and whoever asks as long as it doesn't. It may still,
 * so nothing else is done about it; but what waits for it would otherwise only show as lag.
 */
export class SlowWork implements Disposable {
  readonly #around: Around
  readonly #looking: Disposable
  #seen: ReadonlyMap<Work, Sighting> = new Map()

  constructor(around: Around) {
    this.#around = around
    this.#looking = around.clock.every(lookMs, () => this.#look())
  }

  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]()
  }

  /** What hasn't ended for too long, and still hasn't; undefined where nothing is. */
  get trouble(): Error | undefined {
    for (const work of this.#around.underWay()) {
      const { sinceMs = 0, isTold = false } = this.#seen.get(work) ?? {}
      if (isTold) return new Error(this.#describe(work, this.#secondsSince(sinceMs)))
    }
    return undefined
  }

  #look(): void {
    const now = this.#around.clock.monotonic()
    const seen = new Map<Work, Sighting>()
    for (const work of this.#around.underWay()) {
      const { sinceMs, isTold } = this.#seen.get(work) ?? { sinceMs: now, isTold: false }
      const isSlow = now - sinceMs >= slowMs
      if (isSlow && !isTold) this.#tell(work, this.#secondsSince(sinceMs))
      seen.set(work, { sinceMs, isTold: isSlow })
    }
    this.#seen = seen
  }

  #tell(work: Work, seconds: number): void {
    const { name, logger } = this.#around
    const stored = storedIn(work)
    const place = stored && { actorId: stored.actorId, position: stored.position }
    logger.warn({ ...name, ...place, seconds }, this.#describe(work, seconds))
  }

  #describe(work: Work, seconds: number): string {
    const { kind, name } = this.#around.name
    const stored = storedIn(work)
    const what = stored
      ? `has been handling ${stored.type} of ${stored.actorId} for ${seconds} s, and does not go on with that actor`
      : `has been waiting for its target for ${seconds} s, and does not go on`
    return `the ${kind} ${name} ${what} before it ends`
  }

  #secondsSince(sinceMs: number): number {
    return Math.round((this.#around.clock.monotonic() - sinceMs) / 1_000)
  }
}

function storedIn(work: Work): StoredEvent | undefined {
  return 'stored' in work ? work.stored : undefined
}
