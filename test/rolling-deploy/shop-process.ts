import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '../support/until.ts'
import type { ReleaseName } from './plan.ts'
import type { ShopReport, ShopSettings } from './shop-process-child.ts'

const script = fileURLToPath(new URL('shop-process-child.ts', import.meta.url))

/** A node of the shop, over all the times that it is replaced by one of another version. */
export class ShopProcess implements AsyncDisposable {
  readonly name: string
  readonly #settings: Omit<ShopSettings, 'release'>
  readonly #log: (line: string) => void
  #child: ChildProcess | undefined
  release: ReleaseName | undefined
  /** Where it listens; undefined while it doesn't. */
  url: string | undefined

  constructor(name: string, settings: Omit<ShopSettings, 'release'>, log: (line: string) => void) {
    this.name = name
    this.#settings = settings
    this.#log = log
  }

  /** Resolves once it listens. */
  async start(release: ReleaseName): Promise<void> {
    const settings: ShopSettings = { ...this.#settings, release }
    const child = fork(script, [JSON.stringify(settings)], {
      execPath: process.execPath,
      execArgv: ['--conditions=aether-source'],
    })
    this.#child = child
    this.release = release
    child.on('message', (report: ShopReport) => {
      if ('url' in report) this.url = report.url
      else this.#log(`${this.name} (${release}) ${report.level}: ${report.text}`)
    })
    await until(() => this.url !== undefined || hasEnded(child), {
      description: `${this.name} listens`,
      timeoutMs: 120_000,
    })
    if (this.url === undefined) throw new Error(`${this.name} ended before it listened`)
  }

  /** Ends it: as an operator does, or in the middle of whatever it does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.url = undefined
    if (!child || hasEnded(child)) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
