import { availableParallelism } from 'node:os'
import { type Logger, messageOf } from '../../../core/index.ts'
import { PageThread } from './page-thread.ts'

export interface ThreadSurroundings {
  readonly logger: Logger
  /** How many threads run side by side. @default as the machine allows */
  readonly cores?: number
}

/** The one thread of a file, which all long reads of it share. It is there as long as one of them is. */
export class SharedPageThread {
  readonly #file: string
  readonly #logger: Logger
  /** Where all has to be done by one core, a second thread is only in the way. */
  #isOfUse: boolean
  #thread: PageThread | undefined
  #reads = 0
  #ended: Promise<unknown> = Promise.resolve()

  constructor(file: string, { logger, cores = availableParallelism() }: ThreadSurroundings) {
    this.#file = file
    this.#logger = logger
    this.#isOfUse = cores > 1
  }

  /** Begins a read; undefined where it has to do without. */
  enter(): PageThread | undefined {
    this.#reads++
    if (this.#isOfUse) this.#thread ??= this.#start()
    return this.#thread
  }

  /** Ends a read. */
  leave(): void {
    this.#reads--
    if (this.#reads === 0) this.#end()
  }

  /** Resolves when nothing of it has the file open. */
  async close(): Promise<void> {
    this.#isOfUse = false
    this.#end()
    await this.#ended
  }

  #start(): PageThread | undefined {
    try {
      return new PageThread(this.#file, (reason) => this.#giveUp(reason))
    } catch (reason) {
      this.#giveUp(reason)
      return undefined
    }
  }

  #end(): void {
    if (this.#thread) this.#ended = Promise.all([this.#ended, this.#thread.end()])
    this.#thread = undefined
  }

  #giveUp(reason: unknown): void {
    this.#isOfUse = false
    const message = `${this.#file} is read without a second thread, and long reads take longer: ${messageOf(reason)}`
    this.#logger.warn({ file: this.#file }, message)
  }
}
