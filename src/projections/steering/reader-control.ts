import { AetherError, unlessAborted } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'
import {
  type BuildCode,
  type ControlState,
  firstState,
  forgotten,
  type Transition,
} from './control-state.ts'

/** How often it is tried again at once where others were faster. */
const maxTries = 100

/** The document by which the members of one reader agree, changed by compare-and-set. */
export class ReaderControl {
  readonly #table: DocumentTable
  readonly #key: string
  readonly #code: BuildCode
  readonly #newestBuild: () => Promise<number>
  /** As it was seen last: should somebody lose the document, it is made of this. */
  #known: ControlState | undefined

  /**
   * @param code that runs here: the first build is of it
   * @param newestBuild of the target, asked where there is no document
   */
  constructor(
    table: DocumentTable,
    name: string,
    code: BuildCode,
    newestBuild: () => Promise<number> = async () => 0,
  ) {
    this.#table = table
    this.#key = `control/${name}`
    this.#code = code
    this.#newestBuild = newestBuild
  }

  /** The state as it is now; the first one where nobody has made any, the last one where it was lost. */
  async read(): Promise<ControlState> {
    return (await this.#find()).state
  }

  /** Whether anything was agreed on. */
  async isThere(): Promise<boolean> {
    return (await this.#find()).revision !== undefined || this.#known !== undefined
  }

  /**
   * Makes a transition; gives the state after it, or as it is where nothing is to be changed.
   * @param signal counts until the change is sent to the store
   * @throws AetherError `overloaded` where others were faster again and again; the signal's reason
   */
  async change(transition: Transition, signal?: AbortSignal): Promise<ControlState> {
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      const { state, revision } = await unlessAborted(signal, () => this.#find())
      // The first state is stored in any case, so that all members begin with the same.
      const next = transition(state) ?? (revision === undefined ? state : undefined)
      if (!next) return state
      const put = await this.#table.put(this.#key, JSON.stringify(next), revision)
      if (put !== undefined) return next
    }
    const message = `the document ${this.#key} was changed by others ${maxTries} times in a row`
    throw new AetherError('overloaded', message)
  }

  watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#table.watch(wake)
  }

  async #find(): Promise<{ readonly state: ControlState; readonly revision: number | undefined }> {
    const found = await this.#table.get(this.#key)
    // Some fields may be missing: what an older release has written.
    const first = firstState(this.#code)
    if (found) this.#known = { ...first, ...(JSON.parse(found.text) as Partial<ControlState>) }
    if (this.#known) return { state: this.#known, revision: found?.revision }
    // Nobody makes a build before there is a document: where there are some, it was lost.
    const newest = await this.#newestBuild()
    const state = newest > 0 ? forgotten(newest, this.#code)(first) : first
    return { state, revision: undefined }
  }
}
