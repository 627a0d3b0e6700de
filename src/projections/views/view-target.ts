import {
  type DocumentTable,
  type EventStore,
  type Progress,
  type ProgressChange,
  type ProjectionBuild,
  type ProjectionTarget,
  RecentMap,
} from '../../store/index.ts'
import { type PartState, readProgress } from '../progress/part-progress.ts'
import { loadProgress, storeProgress } from '../progress/stored-progress.ts'
import {
  type ChangedDocument,
  type KnownDocument,
  readDocuments,
  ViewBatch,
  type ViewTx,
} from './view-batch.ts'
import { compacted } from './view-document.ts'

const progressPrefix = 'progress/'
export const documentPrefix = 'document/'

/** How many documents are remembered, so that they need not be read before they are changed. */
const rememberedDocuments = 10_000
/** How many documents are stored at a time. */
const maxPuts = 64

/** The name of the table that holds one build of a view. */
export function viewTableName({ projection, build }: ProjectionBuild): string {
  return `view-${projection}-${build}`
}

export interface ViewSettings {
  readonly parts: number
  /** The state of a document that isn't there. */
  readonly initial: () => unknown
}

/** Keeps the documents of a view in a table of the event store, one for each build. */
export class ViewTarget implements ProjectionTarget<ViewTx> {
  readonly name = 'view'
  readonly #store: EventStore
  readonly #settings: ViewSettings
  readonly #builds = new Map<number, ViewBuild>()

  constructor(store: EventStore, settings: ViewSettings) {
    this.#store = store
    this.#settings = settings
  }

  async prepare(build: ProjectionBuild): Promise<void> {
    await this.#open(build)
  }

  async load(build: ProjectionBuild): Promise<readonly Progress[]> {
    return (await this.#open(build)).load()
  }

  async commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: ViewTx) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    return (await this.#open(build)).commit(parts, write)
  }

  /** Whoever reads a view looks for its active build. */
  async activate(): Promise<void> {}

  async drop(build: ProjectionBuild): Promise<void> {
    this.#builds.delete(build.build)
    await (await this.#store.table(viewTableName(build))).clear()
  }

  async close(): Promise<void> {}

  async #open(build: ProjectionBuild): Promise<ViewBuild> {
    const known = this.#builds.get(build.build)
    if (known) return known
    const opened = new ViewBuild(await this.#store.table(viewTableName(build)), this.#settings)
    this.#builds.set(build.build, opened)
    return opened
  }
}

/** The documents of one build, and how far they are. */
class ViewBuild {
  readonly #table: DocumentTable
  readonly #settings: ViewSettings
  readonly #stored = new Map<number, PartState>()
  #documents = new RecentMap<string, KnownDocument>(rememberedDocuments)

  constructor(table: DocumentTable, settings: ViewSettings) {
    this.#table = table
    this.#settings = settings
  }

  async load(): Promise<readonly Progress[]> {
    const parts = await loadProgress(this.#table, progressPrefix)
    for (const part of parts) this.#learn(part)
    return parts
  }

  async commit(
    parts: readonly ProgressChange[],
    write: (tx: ViewTx) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    try {
      await this.#fold(parts, write)
      return await this.#storeProgress(parts)
    } catch (error) {
      // What is stored by now is not what was known.
      this.#documents = new RecentMap(rememberedDocuments)
      throw error
    }
  }

  async #fold(
    parts: readonly ProgressChange[],
    write: (tx: ViewTx) => void | Promise<void>,
  ): Promise<void> {
    const read = new Map<string, KnownDocument>()
    const { initial, parts: count } = this.#settings
    const known = (key: string): KnownDocument | undefined =>
      read.get(key) ?? this.#documents.get(key)
    const batch = new ViewBatch(known, initial, count)
    for (;;) {
      await write(batch)
      if (!batch.isIncomplete) {
        const lost = await this.#put(batch, parts)
        if (lost.length === 0) return
        // Another member has changed them: the same events are folded into what it left.
        for (const [key, document] of await readDocuments(this.#table, lost, documentPrefix))
          read.set(key, document)
        batch.restart()
        continue
      }
      const missing = batch.restart()
      for (const [key, document] of await readDocuments(this.#table, missing, documentPrefix))
        read.set(key, document)
    }
  }

  /** Stores what has changed; gives those that somebody else was faster to change. */
  async #put(batch: ViewBatch, parts: readonly ProgressChange[]): Promise<readonly string[]> {
    const lost: string[] = []
    const stored = new Map(
      parts.flatMap(({ part }) => {
        const state = this.#stored.get(Number(part))
        return state ? [[Number(part), state] as const] : []
      }),
    )
    const { changed } = batch
    let next = 0
    const putSome = async (): Promise<void> => {
      for (let change = changed[next++]; change; change = changed[next++]) {
        if (await this.#putOne(change, stored)) batch.markDone(change.key)
        else lost.push(change.key)
      }
    }
    await Promise.all(Array.from({ length: Math.min(maxPuts, changed.length) }, putSome))
    return lost
  }

  async #putOne(
    { key, document, revision }: ChangedDocument,
    stored: ReadonlyMap<number, PartState>,
  ): Promise<boolean> {
    const compact = compacted(document, stored, this.#settings.parts)
    const text = JSON.stringify(compact)
    const put = await this.#table.put(documentPrefix + key, text, revision)
    if (put === undefined) this.#documents.delete(key)
    else this.#documents.set(key, { document: compact, revision: put })
    return put !== undefined
  }

  async #storeProgress(
    changes: readonly ProgressChange[],
  ): Promise<readonly Progress[] | undefined> {
    const stored = await storeProgress(this.#table, progressPrefix, changes)
    for (const part of stored) this.#learn(part)
    return stored.length === changes.length ? stored : undefined
  }

  #learn(progress: Progress): void {
    this.#stored.set(Number(progress.part), readProgress(progress).state)
  }
}
