import { SideThread } from '../file/side-thread.ts'
import type { SmallRow } from './large-data.ts'
import { unpackRows } from './packed-rows.ts'
import type { PageAnswer, PageQuery } from './page-worker.ts'

/** Queries a file in a thread of its own, so that this one has time for what comes of them. */
export class PageThread {
  readonly #thread: SideThread<PageQuery, PageAnswer>

  /**
   * @param onFailure is told why it came to an end of itself
   * @throws where the process may have no threads
   */
  constructor(file: string, onFailure: (reason: unknown) => void) {
    const work = { program: 'page-worker', beside: import.meta.url, file }
    this.#thread = new SideThread(work, onFailure)
  }

  /** Whether it has started, and goes on. */
  get isReady(): boolean {
    return this.#thread.isReady
  }

  /** The rows, of all that was committed before it was asked; undefined where they aren't to be had from it. */
  async rowsOf(query: PageQuery): Promise<readonly SmallRow[] | undefined> {
    const packed = await this.#thread.ask(query)
    return packed && unpackRows(packed)
  }

  /** Resolves when its connection is closed. Who waits for an answer does without. */
  end(): Promise<void> {
    return this.#thread.end()
  }
}
