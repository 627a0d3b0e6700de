import { AetherError, freezeJson } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import type { HandledEvent } from '../definition/handled-event.ts'
import { partOf } from '../progress/part.ts'
import { DocumentGrowth } from './document-growth.ts'
import { emptyDocument, hasSeen, type Seen, type ViewDocument } from './view-document.ts'

const maxKeyLength = 300

/** What the handlers of a view write with. */
export interface ViewTx {
  /** Folds the event into the document of this key. */
  fold(
    key: string,
    event: HandledEvent,
    next: (state: unknown, event: HandledEvent) => unknown,
  ): void
}

/** A document as it was read or put last; without a revision, there is none. */
export interface KnownDocument {
  readonly document: ViewDocument
  readonly revision: number | undefined
}

interface Working {
  readonly revision: number | undefined
  document: ViewDocument
  /** Of the document, once it was changed: this batch's own, to be added to. */
  seen: Record<string, Seen> | undefined
}

/** A document to be put. */
export interface ChangedDocument {
  readonly key: string
  readonly document: ViewDocument
  readonly revision: number | undefined
}

/** The documents that one batch of events changes, in memory. */
export class ViewBatch implements ViewTx {
  /** Of the documents that have grown too large. */
  readonly #growth = new Map<string, DocumentGrowth>()
  readonly #known: (key: string) => KnownDocument | undefined
  readonly #initial: () => unknown
  readonly #parts: number
  readonly #working = new Map<string, Working>()
  readonly #missing = new Set<string>()
  /** Those that are stored already, as another member made it necessary to fold some again. */
  readonly #done = new Set<string>()

  constructor(
    known: (key: string) => KnownDocument | undefined,
    initial: () => unknown,
    parts: number,
  ) {
    this.#known = known
    this.#initial = initial
    this.#parts = parts
  }

  fold(
    key: string,
    event: HandledEvent,
    next: (state: unknown, event: HandledEvent) => unknown,
  ): void {
    checkKey(key)
    if (this.#done.has(key)) return
    const growth = this.#growth.get(key)
    growth?.check(event)
    const working = this.#workOn(key)
    if (!working || hasSeen(working.document, event, partOf(event.actorId, this.#parts))) return
    const { document } = working
    const before = 'state' in document ? document.state : this.#initial()
    const state = next(before, event)
    freezeJson(state ?? null)
    // Copied once a batch: many actors may be named.
    const seen = working.seen ?? { ...document.seen }
    seen[event.actorId] = [event.version, event.position]
    const { upTo } = document
    working.document = {
      ...(state !== undefined && { state }),
      seen,
      ...(upTo && { upTo }),
    }
    working.seen = seen
    growth?.add(event, working.document)
  }

  /** Begins anew; gives the keys of the documents that have to be known first. */
  restart(): readonly string[] {
    const missing = [...this.#missing]
    this.#missing.clear()
    this.#working.clear()
    return missing
  }

  get isIncomplete(): boolean {
    return this.#missing.size > 0
  }

  get changed(): readonly ChangedDocument[] {
    return [...this.#working].flatMap(([key, { document, revision, seen }]) =>
      seen ? [{ key, document, revision }] : [],
    )
  }

  markDone(key: string): void {
    this.#done.add(key)
  }

  /**
   * The document has grown too large: when all is folded again, and once more, the event that made it so is
   * refused.
   */
  refuseGrowth(key: string, fits: (document: ViewDocument) => boolean, error: AetherError): void {
    const growth = this.#growth.get(key)
    if (growth) growth.refuse(fits, error)
    else this.#growth.set(key, new DocumentGrowth())
  }

  #workOn(key: string): Working | undefined {
    const working = this.#working.get(key)
    if (working) return working
    const known = this.#known(key)
    if (!known) {
      this.#missing.add(key)
      return undefined
    }
    const begun = { ...known, seen: undefined }
    this.#working.set(key, begun)
    return begun
  }
}

function checkKey(key: unknown): void {
  const isText = typeof key === 'string' && key !== '' && key.length <= maxKeyLength
  if (isText && key.isWellFormed()) return
  const seen = JSON.stringify(key)?.slice(0, 60)
  const message = `the key of a document must be 1 to ${maxKeyLength} characters of Unicode text, not ${seen}`
  throw new AetherError('invalid-argument', message)
}

/** Reads what is stored of these documents. */
export async function readDocuments(
  table: DocumentTable,
  keys: readonly string[],
  prefix: string,
): Promise<ReadonlyMap<string, KnownDocument>> {
  const found = await table.getMany(keys.map((key) => prefix + key))
  return new Map(
    keys.map((key) => {
      const stored = found.get(prefix + key)
      const document = stored ? (JSON.parse(stored.text) as ViewDocument) : emptyDocument
      return [key, { document, revision: stored?.revision }]
    }),
  )
}
