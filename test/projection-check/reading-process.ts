import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isFrozen } from '../support/is-frozen.ts'
import { until } from '../support/until.ts'
import type { ReadingReport, ReadingSettings } from './reading-child.ts'

const script = fileURLToPath(new URL('reading-child.ts', import.meta.url))

/** A process that takes part in all readers, over all the times that it's killed and started again. */
export class ReadingProcess implements AsyncDisposable {
  readonly #settings: ReadingSettings
  readonly #onError: (text: string) => void
  #child: ChildProcess | undefined
  #lives = 0

  constructor(settings: ReadingSettings, onError: (text: string) => void) {
    this.#settings = settings
    this.#onError = onError
  }

  get name(): string {
    return this.#settings.name
  }

  /** Resolves once it takes part. */
  async start(): Promise<void> {
    const life = this.#lives++
    const { name, seed } = this.#settings
    const execArgv = ['--conditions=aether-source']
    const child = fork(script, { execPath: process.execPath, execArgv })
    this.#child = child
    let isOpen = false
    child.on('message', (report: ReadingReport) => {
      if (report.is === 'open') isOpen = true
      else this.#onError(`${name}.${life}: ${report.text}`)
    })
    const settings = { ...this.#settings, name: `${name}.${life}`, seed: seed + life }
    child.send(settings satisfies ReadingSettings)
    await until(() => isOpen || hasEnded(child), {
      description: `${name}.${life} takes part`,
      timeoutMs: 120_000,
    })
    if (!isOpen) throw new Error(`${name}.${life} ended before it took part`)
  }

  /** Ends it with SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Freezes it with SIGSTOP, in the middle of whatever it does. */
  async freeze(): Promise<void> {
    const pid = this.#child?.pid
    this.#child?.kill('SIGSTOP')
    await until(() => pid !== undefined && isFrozen(pid), { description: `${this.name} is frozen` })
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
