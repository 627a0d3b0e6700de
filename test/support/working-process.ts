import { type ChildProcess, fork, type Serializable } from 'node:child_process'
import { once } from 'node:events'

/** Also on a machine that has much else to do. */
const openTimeoutMs = 60_000

/** Another process, with a script that calls `workUntilLeft()`. */
export class WorkingProcess<Task extends Serializable> implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(script: URL) {
    this.#child = fork(script, { execPath: process.execPath, execArgv: [] })
    this.#ended = once(this.#child, 'exit')
  }

  /** Gives it what to do; resolves when it is at it. */
  async open(task: Task): Promise<void> {
    const opened = once(this.#child, 'message', { signal: AbortSignal.timeout(openTimeoutMs) })
    this.#child.send(task)
    await opened
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#ended
  }
}
