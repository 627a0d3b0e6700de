import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { SmallRow } from './large-data.ts'
import { unpackRows } from './packed-rows.ts'
import type { PageAnswer, PageQuery } from './page-worker.ts'

/**
 * Queries a file in a thread of its own, over a connection of its own. It takes a while to start, may fail, and
 * may never come up: whoever asks can do without.
 */
export class PageThread {
  readonly #worker: Worker
  /** Who waits for answers, in the order of the queries. */
  readonly #waiting: ((answer: PageAnswer) => void)[] = []
  #isReady = false

  /**
   * @param onFailure is told why it came to an end of itself
   * @throws where the process may have no threads
   */
  constructor(file: string, onFailure: (reason: unknown) => void) {
    this.#worker = new Worker(programBeside(import.meta.url), {
      name: 'aether-pages',
      workerData: file,
      execArgv: [],
    })
    this.#worker.on('message', (answer: PageAnswer) => this.#take(answer))
    this.#worker.on('error', onFailure)
    this.#worker.on('exit', () => this.#end())
    // Nothing lives on for a thread that nobody waits for.
    this.#worker.unref()
  }

  /** Whether it has started, and goes on. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** The rows, of all that was committed before it was asked; undefined where they aren't to be had from it. */
  async rowsOf(query: PageQuery): Promise<readonly SmallRow[] | undefined> {
    if (!this.#isReady) return undefined
    const answered = Promise.withResolvers<PageAnswer>()
    if (this.#waiting.push(answered.resolve) === 1) this.#worker.ref()
    this.#worker.postMessage(query)
    const answer = await answered.promise
    return answer && answer !== 'open' ? unpackRows(answer) : undefined
  }

  /** Resolves when its connection is closed. Who waits for an answer does without. */
  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #take(answer: PageAnswer): void {
    if (answer === 'open') {
      this.#isReady = true
      return
    }
    this.#waiting.shift()?.(answer)
    if (this.#waiting.length === 0) this.#worker.unref()
  }

  #end(): void {
    this.#isReady = false
    for (const resolve of this.#waiting.splice(0)) resolve(undefined)
  }
}

/** As it is: a source that Node runs, or what was compiled of it. */
function programBeside(module: string): URL {
  return new URL(`page-worker${extname(module)}`, module)
}
