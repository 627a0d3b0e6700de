import type {
  DocumentTable,
  EventStore,
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from '../../store/index.ts'
import { partNames } from '../progress/part.ts'
import { loadProgress, storeProgress } from '../progress/stored-progress.ts'

/**
 * A table of its own: whoever follows what the members of a reader agree on would otherwise be woken, and look
 * at that, with every event.
 */
const tableName = 'policies'

/**
 * How far policies are, in a table of the event store. What they do is no transaction: it is done before
 * their progress is stored, or again.
 */
export class PolicyTarget implements ProjectionTarget {
  readonly name = 'policy'
  readonly #store: EventStore
  readonly #startAt: 'now' | 'beginning'
  readonly #parts: readonly string[]

  constructor(store: EventStore, startAt: 'now' | 'beginning', parts: number) {
    this.#store = store
    this.#startAt = startAt
    this.#parts = partNames(parts)
  }

  async prepare(): Promise<void> {}

  async load({ projection }: ProjectionBuild): Promise<readonly Progress[]> {
    return loadProgress(await this.#table(), progressPrefix(projection), this.#parts)
  }

  async commit(
    { projection }: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: undefined) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    await write(undefined)
    const stored = await storeProgress(await this.#table(), progressPrefix(projection), parts)
    return stored.length === parts.length ? stored : undefined
  }

  /**
   * Where the policy begins that was never started before: kept before it handles anything, so that
   * nothing is missed from then on, whichever member starts which part when.
   */
  async startOf({ projection }: ProjectionBuild, signal?: AbortSignal): Promise<number> {
    if (this.#startAt === 'beginning') return 0
    const table = await this.#table()
    const key = startKey(projection)
    for (;;) {
      const kept = await keptStart(table, key)
      if (kept !== undefined) return kept
      const position = await this.#store.lastPosition(signal ? { signal } : {})
      const text = JSON.stringify({ position })
      if ((await table.put(key, text, undefined)) !== undefined) return position
    }
  }

  /** Where the policy began, or would begin now: nothing is kept. */
  async seenStartOf({ projection }: ProjectionBuild): Promise<number> {
    if (this.#startAt === 'beginning') return 0
    const kept = await keptStart(await this.#table(), startKey(projection))
    return kept ?? this.#store.lastPosition()
  }

  async activate(): Promise<void> {}

  async drop({ projection }: ProjectionBuild): Promise<void> {
    const table = await this.#table()
    const start = await table.get(startKey(projection))
    if (start) await table.remove(start.key, start.revision)
    for await (const { key, revision } of table.list(progressPrefix(projection)))
      await table.remove(key, revision)
  }

  async close(): Promise<void> {}

  #table(): Promise<DocumentTable> {
    return this.#store.table(tableName)
  }
}

function progressPrefix(policy: string): string {
  return `progress/${policy}/`
}

function startKey(policy: string): string {
  return `start/${policy}`
}

async function keptStart(table: DocumentTable, key: string): Promise<number | undefined> {
  const kept = await table.get(key)
  return kept && (JSON.parse(kept.text) as { readonly position: number }).position
}
