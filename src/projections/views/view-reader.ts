import type { JsonValue } from '../../core/index.ts'
import type { DocumentTable, EventStore, ProjectionBuild } from '../../store/index.ts'
import type { ViewDocument } from './view-document.ts'
import { documentPrefix, viewTableName } from './view-target.ts'

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
   * @throws AetherError those of the store
   */
  async get(key: string): Promise<S | undefined> {
    const found = await (await this.#table()).get(documentPrefix + key)
    return found && (stateOf(found.text) as S | undefined)
  }

  /** All documents whose key begins with the prefix, in no order. */
  async *list({ prefix = '' }: { readonly prefix?: string } = {}): AsyncGenerator<
    { readonly key: string; readonly state: S },
    void
  > {
    const table = await this.#table()
    for await (const { key, text } of table.list(documentPrefix + prefix)) {
      const state = stateOf(text) as S | undefined
      if (state !== undefined) yield { key: key.slice(documentPrefix.length), state }
    }
  }

  async #table(): Promise<DocumentTable> {
    return this.#store.table(viewTableName(await this.#activeBuild()))
  }
}

function stateOf(text: string): unknown {
  return (JSON.parse(text) as ViewDocument).state
}
