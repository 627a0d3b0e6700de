import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Append, Order, Outcome } from './sqlite-store-child.ts'

const script = fileURLToPath(new URL('sqlite-store-child.ts', import.meta.url))

export interface StoreProcessOptions {
  /** Runs as this user. @default this process's */
  readonly uid?: number
  /** No file may grow beyond this, in KiB: then writing to it fails. @default no limit */
  readonly maxFileKiB?: number
}

interface Waiting {
  readonly resolve: (outcomes: readonly Outcome[]) => void
  readonly reject: (reason: Error) => void
}

/** Another process with an event store in it. */
export class StoreProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #waiting = new Map<number, Waiting>()
  #orders = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit')
    child.on('message', ({ id, outcomes }: { id: number; outcomes: readonly Outcome[] }) => {
      this.#waiting.get(id)?.resolve(outcomes)
      this.#waiting.delete(id)
    })
    child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the process ended'))
    })
  }

  /** Resolves once the process is ready for orders. */
  static async start({ uid, maxFileKiB }: StoreProcessOptions = {}): Promise<StoreProcess> {
    // The limit is the shell's; the shell then becomes the process.
    const limit = maxFileKiB === undefined ? '' : `ulimit -f ${maxFileKiB * 2} && `
    const child = spawn('sh', ['-c', `${limit}exec "$0" "$1"`, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      ...(uid !== undefined && { uid, gid: uid }),
    })
    const started = new StoreProcess(child)
    await started.#tell({ do: 'nothing' })
    return started
  }

  /** Opens this file instead of the one before. */
  async open(file: string): Promise<Outcome> {
    const [outcome] = await this.#tell({ do: 'open', file })
    return outcome as Outcome
  }

  /** Appends all of them at the same time. */
  append(appends: readonly Append[]): Promise<readonly Outcome[]> {
    return this.#tell({ do: 'append', appends })
  }

  /** Ends the process without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#ended
  }

  #tell(order: Order): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      const id = this.#orders++
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, order }, (error) => error && reject(error))
    })
  }
}
