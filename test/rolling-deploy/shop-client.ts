import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { ShopProcess } from './shop-process.ts'

/** A command that was sent until it was answered. */
export interface SentCommand {
  readonly id: string
  readonly account: string
  readonly command: 'book' | 'note'
  readonly cents: number
}

/** Sends each command with its id to any node, again and again, until one has carried it out. */
export class ShopClient {
  readonly sent: SentCommand[] = []
  /** How often each version of the code answered with which error. */
  readonly failures = new Map<string, number>()
  /** Those of them that don't pass by themselves. */
  readonly final = new Set<string>()
  /** How many commands were carried out by each life of a node, by its address. */
  readonly answers = new Map<string, number>()
  /** Whether it sends what version 1 doesn't know. */
  sendsNew = false
  longestMs = 0
  readonly #shops: readonly ShopProcess[]
  readonly #random: SeededRandom

  constructor(shops: readonly ShopProcess[], random: SeededRandom) {
    this.#shops = shops
    this.#random = random
  }

  async sendOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const command = this.#next()
      this.sent.push(command)
      const begin = performance.now()
      while (!(await this.#try(command))) await pause(20 + this.#random.below(50))
      this.longestMs = Math.max(this.longestMs, performance.now() - begin)
      await pause(this.#random.below(60))
    }
  }

  /** New accounts come all the time, and are asked more often than old ones. */
  #next(): SentCommand {
    const count = this.sent.length
    const newest = Math.floor(count / 6)
    const ago = this.#random.chance(0.6) ? this.#random.below(6) : this.#random.below(newest + 1)
    const isNew = this.sendsNew && this.#random.chance(0.2)
    return {
      id: `c${count}`,
      account: `a${Math.max(0, newest - ago)}`,
      command: isNew ? 'note' : 'book',
      cents: this.#random.below(1_000),
    }
  }

  async #try({ id, account, command, cents }: SentCommand): Promise<boolean> {
    const { url, release } = this.#random.pick(this.#shops)
    if (url === undefined) return false
    const reply = await fetch(`${url}/actors/account/${account}/${command}`, {
      method: 'POST',
      headers: { 'idempotency-key': id },
      body: JSON.stringify(command === 'book' ? { cents } : { text: id }),
    }).catch(() => undefined)
    // A killed node may end in the middle of its answer.
    const body = (await reply?.json().catch(() => undefined)) as Problem | undefined
    if (reply?.status === 200 && body) {
      this.answers.set(url, (this.answers.get(url) ?? 0) + 1)
      return true
    }
    const failure = `${release}: ${body?.code ?? 'lost'}`
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1)
    if (body?.retryable === false) this.final.add(failure)
    return false
  }
}

interface Problem {
  readonly code?: string
  readonly retryable?: boolean
}
