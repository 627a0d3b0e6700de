import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import type { CommandResult } from 'aether'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { Effect } from './account.ts'
import type { BankCommand } from './bank-command.ts'
import type { BankNode } from './bank-node.ts'

/** What a client was told in the end. */
export type Answer =
  { readonly is: 'done'; readonly effects: readonly Told[] } | { readonly is: 'rejected' }

/** An effect without its events. */
export type Told = Omit<Effect, 'events'>

/** What had to be done for the answers. */
export interface ClientFigures {
  /** Tries without an answer: the node was killed, say. */
  lost: number
  /** Tries that were answered with an error that passes, by code. */
  readonly passing: Map<string, number>
  /** Answers that an earlier try had earned. */
  repeated: number
}

/** Sends each command again, with its id, until it is answered. */
export class BankClient implements Disposable {
  readonly #nodes: readonly BankNode[]
  readonly #random: SeededRandom
  readonly #agent: Agent
  readonly figures: ClientFigures = { lost: 0, passing: new Map(), repeated: 0 }

  constructor(nodes: readonly BankNode[], random: SeededRandom) {
    this.#nodes = nodes
    this.#random = random
    this.#agent = new Agent({ keepAlive: true })
  }

  /** @throws Error for an answer that no command of a bank may get */
  async carryOut(command: BankCommand): Promise<Answer> {
    for (;;) {
      const begin = Date.now()
      const reply = await this.#send(command)
      if (!reply) this.figures.lost++
      else if (reply.status === 200) return this.#done(effectsIn(reply.body), begin)
      else {
        const { code, retryable, detail } = reply.body as Problem
        if (code === 'command-rejected') return { is: 'rejected' }
        if (!retryable) throw new Error(`${command.commandId}: ${code}: ${detail}`)
        this.figures.passing.set(code, (this.figures.passing.get(code) ?? 0) + 1)
      }
      await pause(this.#random.next() * 20)
    }
  }

  /** What an account is, as a node says. */
  async look(account: string): Promise<Told> {
    const { accounts } = await this.#random.pick(this.#nodes).addresses
    const { body } = await this.#exchange('GET', `${accounts}/actors/account/${account}`, {}, '')
    return toldOf(body as CommandResult<{ cents: number }>)
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  #done(effects: readonly Effect[], begin: number): Answer {
    const times = effects.flatMap(({ events }) => events.map(({ time }) => Date.parse(time)))
    if (times.some((time) => time < begin)) this.figures.repeated++
    const told = effects.map(({ actorId, version, cents }) => ({ actorId, version, cents }))
    return { is: 'done', effects: told }
  }

  /** Nothing where no answer came. */
  async #send(command: BankCommand): Promise<Reply | undefined> {
    const { accounts, transfers } = await this.#random.pick(this.#nodes).addresses
    const { commandId, kind, cents } = command
    const headers = { 'idempotency-key': commandId }
    const url =
      kind === 'transfer' ? transfers : `${accounts}/actors/account/${command.account}/${kind}`
    const body = JSON.stringify(kind === 'transfer' ? command : { cents })
    return this.#exchange('POST', url, headers, body).catch(() => undefined)
  }

  #exchange(
    method: string,
    url: string,
    headers: Record<string, string>,
    content: string,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent: this.#agent })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => {
        const { statusCode: status = 0 } = response
        text(response).then((body) => resolve({ status, body: JSON.parse(body) }), reject)
      })
      outgoing.end(content)
    })
  }
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

interface Problem {
  readonly code: string
  readonly retryable: boolean
  readonly detail: string
}

/** A command is answered with one result, a transfer with two effects. */
function effectsIn(body: unknown): readonly Effect[] {
  if (Array.isArray(body)) return body as readonly Effect[]
  const result = body as CommandResult<{ cents: number }>
  return [{ ...toldOf(result), events: result.events }]
}

function toldOf({ actorId, version, state }: CommandResult<{ cents: number }>): Told {
  return { actorId, version, cents: state.cents }
}
