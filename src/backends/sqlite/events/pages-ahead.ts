import { unlessAborted } from '../../../core/index.ts'
import type { PackedPage, Scan } from './event-table.ts'
import type { PageThread } from './page-thread.ts'
import type { PageAnswer } from './page-worker.ts'
import type { PageQuery, Stretch } from './scan-query.ts'
import type { SharedPageThread } from './shared-page-thread.ts'

/** How many positions are asked for at once. */
const positionsOfPage = 1_000
/** How many pages are asked for before they are wanted. */
const pagesAhead = 2
/** So many events are read until a thread has started. */
const leastWorthThread = 20_000

interface AskedPage extends Stretch {
  readonly rows: Promise<PageAnswer>
}

/** What a long read of the log is going to want, got by a second thread while this one works on what came before. */
export class PagesAhead implements Disposable {
  readonly #shared: SharedPageThread
  readonly #queryOf: (stretch: Stretch) => PageQuery
  #isEntered = false
  #thread: PageThread | undefined
  #asked: AskedPage[] = []

  constructor(shared: SharedPageThread, queryOf: (stretch: Stretch) => PageQuery) {
    this.#shared = shared
    this.#queryOf = queryOf
  }

  /** What comes behind a scan; undefined where it isn't to be had from here. */
  async behind(
    { scannedTo: after, end }: Scan,
    signal: AbortSignal | undefined,
  ): Promise<PackedPage | undefined> {
    if (!this.#isEntered && end - after >= leastWorthThread) this.#enter()
    if (!this.#thread?.isReady) return undefined
    // Somebody else has gone on meanwhile, or the last page was too large to be taken at once.
    if (this.#asked[0]?.after !== after) this.#asked = []
    this.#ask(this.#thread, after, end)
    const page = this.#asked.shift()
    if (!page) return undefined
    const rows = await unlessAborted(signal, () => page.rows)
    return rows && { rows, after, to: page.to }
  }

  [Symbol.dispose](): void {
    if (this.#isEntered) this.#shared.leave()
    this.#isEntered = false
    this.#thread = undefined
  }

  #enter(): void {
    this.#isEntered = true
    this.#thread = this.#shared.enter()
  }

  /** The last page is left to others: what is stored meanwhile stands behind it. */
  #ask(thread: PageThread, first: number, end: number): void {
    while (this.#asked.length <= pagesAhead) {
      const after = this.#asked.at(-1)?.to ?? first
      const to = after + positionsOfPage
      if (to >= end) return
      this.#asked.push({ after, to, rows: thread.rowsOf(this.#queryOf({ after, to })) })
    }
  }
}
