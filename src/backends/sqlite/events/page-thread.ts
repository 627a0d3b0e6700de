import { SideThread } from '../file/side-thread.ts'
import type { PageAnswer } from './page-worker.ts'
import type { PageQuery } from './scan-query.ts'

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
  rowsOf(query: PageQuery): Promise<PageAnswer> {
    return this.#thread.ask(query)
  }

  /** Resolves when its connection is closed. Who waits for an answer does without. */
  end(): Promise<void> {
    return this.#thread.end()
  }
}
