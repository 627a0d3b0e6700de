import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** What a thread says when it has opened its file; all else that it says are answers. */
export const openMessage = 'open'

/** Which program a thread runs, over which file. */
export interface ThreadWork {
  /** The module's name without its ending, as `new URL` takes it beside {@link ThreadWork.beside}. */
  readonly program: string
  /** The `import.meta.url` of who asks. */
  readonly beside: string
  readonly file: string
}

/**
 * A thread with a connection of its own to a file, which answers one question after the other. It takes a while to
 * start, may fail, and may never come up: whoever asks can do without.
 */
export class SideThread<Question, Answer> {
  readonly #worker: Worker
  /** Who waits for answers, in the order of the questions. */
  readonly #waiting: ((answer: Answer | undefined) => void)[] = []
  #isReady = false

  /**
   * @param onFailure is told why it came to an end of itself
   * @throws where the process may have no threads
   */
  constructor({ program, beside, file }: ThreadWork, onFailure: (reason: unknown) => void) {
    // As it is: a source that Node runs, or what was compiled of it.
    const module = new URL(program + extname(beside), beside)
    this.#worker = new Worker(module, { name: `aether ${program}`, workerData: file, execArgv: [] })
    this.#worker.on('message', (said: Answer | typeof openMessage) => this.#take(said))
    this.#worker.on('error', onFailure)
    this.#worker.on('exit', () => this.#end())
    // Nothing lives on for a thread that nobody waits for.
    this.#worker.unref()
  }

  /** Whether it has started, and goes on. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Undefined where no answer is to be had from it. */
  async ask(question: Question): Promise<Answer | undefined> {
    if (!this.#isReady) return undefined
    const answered = Promise.withResolvers<Answer | undefined>()
    if (this.#waiting.push(answered.resolve) === 1) this.#worker.ref()
    this.#worker.postMessage(question)
    return answered.promise
  }

  /** Resolves when its connection is closed. Who waits for an answer does without. */
  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #take(said: Answer | typeof openMessage): void {
    if (said === openMessage) {
      this.#isReady = true
      return
    }
    this.#waiting.shift()?.(said)
    if (this.#waiting.length === 0) this.#worker.unref()
  }

  #end(): void {
    this.#isReady = false
    for (const resolve of this.#waiting.splice(0)) resolve(undefined)
  }
}
