import { AetherError } from '../../core/index.ts'
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
import { partNames } from '../progress/part.ts'
import { loadProgress, storeProgress } from '../progress/stored-progress.ts'
import {
  type ChangedDocument,
  type KnownDocument,
  readDocuments,
  ViewBatch,
  type ViewTx,
} from './view-batch.ts'
import { compacted, type ViewDocument } from './view-document.ts'

const progressPrefix = 'progress/'
export const documentPrefix = 'document/'

/** How many documents are remembered, so that they need not be read before they are changed. */
const rememberedDocuments = 10_000
/** How many documents are stored at a time. */
const maxPuts = 64

/** Of UTF-8, for one of UTF-16. */
const maxBytesPerUnit = 3

/** A document as it is to be put. */
interface WrittenDocument extends ChangedDocument {
  readonly text: string
}

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

  async load(
    build: ProjectionBuild,
    parts: readonly string[] = partNames(this.#settings.parts),
  ): Promise<readonly Progress[]> {
    return (await this.#open(build)).load(parts)
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

  async load(names: readonly string[]): Promise<readonly Progress[]> {
    const parts = await loadProgress(this.#table, progressPrefix, names)
    for (const part of parts) this.#learn(part)
    return parts
  }

  async commit(
    parts: readonly ProgressChange[],
    write: (tx: ViewTx) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    await this.#fold(parts, write)
    return this.#storeProgress(parts)
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
    const written = this.#writing(parts)
    for (;;) {
      await write(batch)
      let missing: readonly string[] = []
      if (!batch.isIncomplete) {
        const changed = batch.changed.map(written)
        // Before any of them is stored: whoever is to blame for one holds up none of the others.
        const tooLarge = changed.find(({ text }) => !this.#fits(text))
        if (tooLarge) this.#refuseGrowth(batch, tooLarge, written)
        else {
          missing = await this.#put(batch, changed)
          // Another member has changed them: the same events are folded into what it left.
          if (missing.length === 0) return
        }
      }
      missing = [...missing, ...batch.restart()]
      for (const [key, document] of await readDocuments(this.#table, missing, documentPrefix))
        read.set(key, document)
    }
  }

  /** How documents are written along with these parts. */
  #writing(parts: readonly ProgressChange[]): (changed: ChangedDocument) => WrittenDocument {
    const stored = new Map(
      parts.flatMap(({ part }) => {
        const state = this.#stored.get(Number(part))
        return state ? [[Number(part), state] as const] : []
      }),
    )
    return ({ document, ...changed }) => {
      const compact = compacted(document, stored, this.#settings.parts)
      return { ...changed, document: compact, text: JSON.stringify(compact) }
    }
  }

  #fits(text: string): boolean {
    const { maxTextBytes } = this.#table
    return text.length * maxBytesPerUnit <= maxTextBytes || Buffer.byteLength(text) <= maxTextBytes
  }

  #refuseGrowth(
    batch: ViewBatch,
    { key, text, revision }: WrittenDocument,
    written: (changed: ChangedDocument) => WrittenDocument,
  ): void {
    const fits = (document: ViewDocument): boolean =>
      this.#fits(written({ key, document, revision }).text)
    batch.refuseGrowth(key, fits, tooLargeFor(this.#table, key, text))
  }

  /** Stores what has changed; gives those that somebody else was faster to change. */
  async #put(batch: ViewBatch, changed: readonly WrittenDocument[]): Promise<readonly string[]> {
    const lost: string[] = []
    let next = 0
    const putSome = async (): Promise<void> => {
      for (let change = changed[next++]; change; change = changed[next++]) {
        if (await this.#putOne(change)) batch.markDone(change.key)
        else lost.push(change.key)
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(maxPuts, changed.length) }, putSome))
    } catch (error) {
      // What is stored by now is not what was known.
      this.#documents = new RecentMap(rememberedDocuments)
      throw error
    }
    return lost
  }

  async #putOne({ key, document, text, revision }: WrittenDocument): Promise<boolean> {
    const put = await this.#table.put(documentPrefix + key, text, revision)
    if (put === undefined) this.#documents.delete(key)
    else this.#documents.set(key, { document, revision: put })
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

function tooLargeFor({ maxTextBytes }: DocumentTable, key: string, text: string): AetherError {
  const message = `the document ${JSON.stringify(key)} would have ${Buffer.byteLength(text)} bytes, and the store takes ${maxTextBytes} at most: keep less in it, or spread it over more keys`
  return new AetherError('too-large', message)
}
