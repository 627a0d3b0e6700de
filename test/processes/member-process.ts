import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isFrozen } from '../support/is-frozen.ts'
import { until } from '../support/until.ts'
import type { MemberSettings, Sample } from './member-child.ts'

const script = fileURLToPath(new URL('member-child.ts', import.meta.url))

/**
 * What a process certainly took for its own, without a break: from after the first sample until before
 * the last. Of a single one the end is before the beginning, and it was the owner in between.
 */
export interface Tenure {
  readonly memberId: string
  readonly part: string
  readonly fromMs: number
  readonly toMs: number
}

/** Another process that shares the parts of a group. */
export class MemberProcess implements AsyncDisposable {
  /** As it last said: a frozen one says nothing. */
  owned: readonly string[] = []
  readonly #settings: MemberSettings
  readonly #child: ChildProcess = fork(script, { execPath: process.execPath, execArgv: [] })
  readonly #ended = once(this.#child, 'exit')

  constructor(settings: MemberSettings) {
    this.#settings = settings
    this.#child.on('message', (owned: readonly string[]) => (this.owned = owned))
    this.#child.send(settings)
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async freeze(): Promise<void> {
    const { pid } = this.#child
    this.#child.kill('SIGSTOP')
    await until(() => pid !== undefined && isFrozen(pid), { description: 'it is frozen' })
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw()
    const isEnding = this.#child.connected
    if (isEnding) this.#child.disconnect()
    const [code] = (await this.#ended) as [number | null]
    if (isEnding && code !== 0) throw new Error(`a member ended with ${code}`)
  }

  async tenures(): Promise<readonly Tenure[]> {
    const { memberId, samples, leaseMs } = this.#settings
    const tenures: Tenure[] = []
    const open = new Map<string, Tenure>()
    let lastMs = -Infinity
    for (const { fromMs, toMs, owned } of await samplesIn(samples)) {
      // Whoever was held up may have lost it meanwhile, and got it again.
      if (fromMs - lastMs > leaseMs / 4) close([...open.keys()])
      close([...open.keys()].filter((part) => !owned.includes(part)))
      for (const part of owned) {
        const begun = open.get(part)?.fromMs ?? toMs
        open.set(part, { memberId, part, fromMs: begun, toMs: fromMs })
      }
      lastMs = toMs
    }
    close([...open.keys()])
    return tenures

    function close(parts: readonly string[]): void {
      for (const part of parts) {
        const tenure = open.get(part)
        open.delete(part)
        if (tenure) tenures.push(tenure)
      }
    }
  }
}

/** The last line of one that was killed may be half a line. */
async function samplesIn(file: string): Promise<readonly Sample[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Sample)
}
