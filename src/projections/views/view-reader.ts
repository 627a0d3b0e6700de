import { type JsonValue, unlessAborted } from '../../core/index.ts'
import type { Document, DocumentTable, EventStore, ProjectionBuild } from '../../store/index.ts'
import type { ViewDocument } from './view-document.ts'
import { documentPrefix, viewTableName } from './view-target.ts'

/** Which documents of a view are wanted. */
export interface ViewListOptions {
  /** What their keys begin with. @default '', which all do */
  readonly prefix?: string
  /** Begins behind this key, whether or not there is a document: the last one of the page before. @default '' */
  readonly after?: string
  /** How many at most, a whole number. @default all */
  readonly limit?: number
  /** Ends the list by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** How a document of a view is read. */
export interface ViewGetOptions {
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Reads the documents of a view, as those who build it have left them. */
export class ViewReader<S = JsonValue> {
  readonly #store: EventStore
  readonly #activeBuild: () => Promise<ProjectionBuild>

  constructor(store: EventStore, activeBuild: () => Promise<ProjectionBuild>) {
    this.#store = store
    this.#activeBuild = activeBuild
  }

  /**
   * The document under this key, if there is one: one read. It shows what has been handled by now; to
   * see what you wrote, wait until the view has `reached` its position.
   * @throws AetherError those of the store; the signal's reason
   */
  async get(key: string, { signal }: ViewGetOptions = {}): Promise<S | undefined> {
    const found = await unlessAborted(signal, () => this.#find(key))
    return found && (stateOf(found.text) as S | undefined)
  }

  /**
   * The documents in the order of their keys: `-` and `/`, digits, all that is no plain letter, capitals, `_`,
   * small letters. One that changes meanwhile is given as it was or as it is.
   * @throws AetherError `invalid-argument`, and those of the store; the signal's reason
   */
  async *list({
    prefix = '',
    after = '',
    limit = Infinity,
    signal,
  }: ViewListOptions = {}): AsyncGenerator<{ readonly key: string; readonly state: S }, void> {
    const table = await unlessAborted(signal, () => this.#table())
    let left = limit
    if (left <= 0) return
    const options = { after: documentPrefix + after, ...(limit < Infinity && { atOnce: limit }) }
    for await (const { key, text } of table.list(documentPrefix + prefix, options)) {
      signal?.throwIfAborted()
      const state = stateOf(text) as S | undefined
      if (state === undefined) continue
      yield { key: key.slice(documentPrefix.length), state }
      if (--left <= 0) return
    }
  }

  async #find(key: string): Promise<Document | undefined> {
    return (await this.#table()).get(documentPrefix + key)
  }

  async #table(): Promise<DocumentTable> {
    return this.#store.table(viewTableName(await this.#activeBuild()))
  }
}

function stateOf(text: string): unknown {
  return (JSON.parse(text) as ViewDocument).state
}
