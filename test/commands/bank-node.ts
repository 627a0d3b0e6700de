import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BankAddresses, BankNodeSettings } from './bank-node-child.ts'

const script = fileURLToPath(new URL('bank-node-child.ts', import.meta.url))

/** A node of the bank in a process of its own, over all the times that it's killed and started again. */
export class BankNode implements AsyncDisposable {
  readonly #settings: BankNodeSettings
  #child: ChildProcess | undefined
  #addresses: Promise<BankAddresses> | undefined

  constructor(settings: BankNodeSettings) {
    this.#settings = settings
  }

  /** Where it listens, once it does. */
  get addresses(): Promise<BankAddresses> {
    return this.#addresses ?? Promise.reject(new Error('it was never started'))
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const execArgv = ['--conditions=aether-source']
    const child = fork(script, [JSON.stringify(this.#settings)], {
      execPath: process.execPath,
      execArgv,
    })
    this.#child = child
    this.#addresses = addressesOf(child)
    await this.#addresses
  }

  /** Ends it with SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

async function addressesOf(child: ChildProcess): Promise<BankAddresses> {
  const enough = new AbortController()
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(60_000)])
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the node ended before it listened')
  })
  try {
    const [addresses] = (await Promise.race([once(child, 'message', { signal }), ended])) as [
      BankAddresses,
    ]
    return addresses
  } finally {
    enough.abort()
    ended.catch(() => undefined)
  }
}
