import type {
  DocumentTable,
  EventStore,
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from '../../store/index.ts'

/** The table in which readers keep what their members agree on. */
const tableName = 'readers'

/**
 * How far policies are, in a table of the event store. What they do is no transaction: it is done before
 * their progress is stored, or again.
 */
export class PolicyTarget implements ProjectionTarget {
  readonly name = 'policy'
  readonly #store: EventStore
  readonly #startAt: 'now' | 'beginning'

  constructor(store: EventStore, startAt: 'now' | 'beginning') {
    this.#store = store
    this.#startAt = startAt
  }

  async prepare(): Promise<void> {}

  async load({ projection }: ProjectionBuild): Promise<readonly Progress[]> {
    const prefix = progressKey(projection, '')
    const parts: Progress[] = []
    for await (const { key, text, revision } of (await this.#table()).list(prefix))
      parts.push({ part: key.slice(prefix.length), text, revision })
    return parts.toSorted((a, b) => Number(a.part) - Number(b.part))
  }

  /** Each part for itself: where one is lost, the others are true all the same. */
  async commit(
    { projection }: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: undefined) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    await write(undefined)
    const table = await this.#table()
    const stored = await Promise.all(
      parts.map(async ({ part, text, expected }) => {
        const revision = await table.put(progressKey(projection, part), text, expected)
        return revision === undefined ? [] : [{ part, text, revision }]
      }),
    )
    const all = stored.flat()
    return all.length === parts.length ? all : undefined
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
    for await (const { key, revision } of table.list(progressKey(projection, '')))
      await table.remove(key, revision)
  }

  async close(): Promise<void> {}

  #table(): Promise<DocumentTable> {
    return this.#store.table(tableName)
  }
}

function progressKey(policy: string, part: string): string {
  return `progress/${policy}/${part}`
}

function startKey(policy: string): string {
  return `start/${policy}`
}

async function keptStart(table: DocumentTable, key: string): Promise<number | undefined> {
  const kept = await table.get(key)
  return kept && (JSON.parse(kept.text) as { readonly position: number }).position
}
