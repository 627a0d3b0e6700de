import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { until } from './until.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const leash = new URL('./leash.ts', import.meta.url).href
const options = ['--conditions=aether-source', `--import=${leash}`]

/** Lets a process of which the output is read take it for a terminal. */
export const onTerminal = ['--import=data:text/javascript,process.stdout.isTTY=true']

/** The `aether` command in a process of its own, which ends with this one, however that ends. */
export class CliProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  stdout = ''
  stderr = ''

  /** @param nodeOptions for Node, besides its own */
  constructor(args: readonly string[], cwd?: string, nodeOptions: readonly string[] = []) {
    const stdio = ['pipe', 'pipe', 'pipe', 'ipc'] as const
    const command = [...options, ...nodeOptions, main, ...args]
    this.#child = spawn(process.execPath, command, { cwd, stdio: [...stdio] })
    this.#exited = once(this.#child, 'close')
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    await this.#exited
    return this.#child.exitCode ?? this.#child.signalCode
  }

  /** Resolves with the address, once it listens. */
  async listening(): Promise<string> {
    return until(
      () => {
        if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.stderr}`)
        return /listening on (\S+)/.exec(this.stdout)?.[1]
      },
      { description: 'aether dev listens', timeoutMs: 60_000 },
    )
  }

  /** It may take its time, or take no notice. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    this.#child.kill(signal)
    return this.exit()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL')
  }
}

/** Runs a command line to its end. */
export async function runCli(
  args: readonly string[],
  cwd?: string,
  nodeOptions?: readonly string[],
): Promise<CliProcess & { readonly code: unknown }> {
  const child = new CliProcess(args, cwd, nodeOptions)
  return Object.assign(child, { code: await child.exit() })
}
