import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isFrozen } from '../support/is-frozen.ts'
import { until } from '../support/until.ts'
import { readHistory } from './history-file.ts'
import type { WorkerOrder, WorkerReport, WorkerSettings } from './history-worker-child.ts'

const script = fileURLToPath(new URL('history-worker-child.ts', import.meta.url))

/** A process that works with a store, over all the times that it's killed and started again. */
export class HistoryWorker implements AsyncDisposable {
  readonly #settings: WorkerSettings
  readonly #files: string[] = []
  /** The histories, by index, that were ended by a kill. */
  readonly #killed = new Set<string>()
  #child: ChildProcess | undefined
  #checkpoint = '0'

  constructor(settings: WorkerSettings) {
    this.#settings = settings
  }

  /** One for each start, in their order. */
  get histories(): readonly { readonly path: string; readonly wasKilled: boolean }[] {
    return this.#files.map((path) => ({ path, wasKilled: this.#killed.has(path) }))
  }

  get subscription(): string | undefined {
    return this.#settings.subscription?.name
  }

  /** Resolves once it works with the store. */
  async start(): Promise<void> {
    const life = this.#files.length
    const { name, seed, historyFile, subscription } = this.#settings
    const path = `${historyFile}-${life}`
    const settings: WorkerSettings = {
      ...this.#settings,
      name: `${name}.${life}`,
      seed: seed + life * 100_000,
      historyFile: path,
      ...(subscription && { subscription: { ...subscription, checkpoint: this.#checkpoint } }),
    }
    const execArgv = ['--conditions=aether-source']
    this.#files.push(path)
    this.#child = fork(script, [JSON.stringify(settings)], { execPath: process.execPath, execArgv })
    await this.#told('working', 60_000)
  }

  /** Ends it with SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child
    const path = this.#files.at(-1)
    if (!child || !path) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    this.#child = undefined
    this.#killed.add(path)
    const last = readHistory(path).findLast((record) => record.kind === 'given')
    if (last) this.#checkpoint = last.checkpoint
  }

  /** Freezes it with SIGSTOP, in the middle of whatever it does. */
  async freeze(): Promise<void> {
    const pid = this.#child?.pid
    if (pid === undefined) return
    this.#child?.kill('SIGSTOP')
    await until(() => isFrozen(pid), { description: `the process ${pid} is frozen` })
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Resolves once all its calls are answered; it makes no more. */
  async pause(timeoutMs: number): Promise<void> {
    const paused = this.#told('paused', timeoutMs)
    this.#tell({ do: 'pause' })
    await paused
  }

  /** Resolves once its subscription has got to this position, and the process has ended. */
  async end(after: number, timeoutMs: number): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) })
    this.#tell({ do: 'end', after })
    await ended
    this.#child = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #tell(order: WorkerOrder): void {
    this.#child?.send(order)
  }

  async #told(report: WorkerReport, timeoutMs: number): Promise<void> {
    const child = this.#child as ChildProcess
    const enough = new AbortController()
    const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(timeoutMs)])
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`${this.#settings.name} ended before it was ${report}`)
    })
    try {
      await Promise.race([this.#message(child, report, signal), ended])
    } finally {
      enough.abort()
      ended.catch(() => undefined)
    }
  }

  async #message(child: ChildProcess, report: WorkerReport, signal: AbortSignal): Promise<void> {
    for (;;) {
      const [message] = (await once(child, 'message', { signal })) as [WorkerReport]
      if (message === report) return
    }
  }
}
