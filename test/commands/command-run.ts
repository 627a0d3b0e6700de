import { type HistoryBackend, startSetup } from '../history/history-setup.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type Answer, BankClient, type Told } from './bank-client.ts'
import { type BankCommand, planCommands } from './bank-command.ts'
import { BankNode } from './bank-node.ts'
import { checkCommands, type CommandEvidence, type ToldCommand } from './check-commands.ts'

export interface CommandRunOptions {
  readonly backend: HistoryBackend
  readonly commands: number
  /** Decides what is asked for, and when a node is killed. */
  readonly seed: number
  /** Processes that work on the same store and know nothing of each other. @default 1 */
  readonly nodes?: number
  /** @default 40 */
  readonly accounts?: number
  /** How many of them a node keeps in memory: if it's less than all, they come and go. @default 10 */
  readonly liveActors?: number
  /** How many of the commands are transfers, of one. @default 0.3 */
  readonly transfers?: number
  /** How many commands are under way at once. @default 32 */
  readonly clients?: number
  /** A node is killed each so many answers, on average; 0: never. @default 300 */
  readonly answersPerKill?: number
  /** Is told what happens. */
  log?(line: string): void
}

export interface CommandFigures {
  readonly commands: number
  readonly done: number
  readonly rejected: number
  readonly events: number
  readonly commandsPerSecond: number
  readonly kills: number
  /** Tries without an answer. */
  readonly lost: number
  /** Tries that were answered with an error that passes, by code. */
  readonly passing: Readonly<Record<string, number>>
  /** Answers that an earlier try had earned. */
  readonly repeated: number
  /** The longest time without any answer, in milliseconds. */
  readonly longestOutageMs: number
}

export interface CommandRunResult {
  readonly findings: readonly string[]
  readonly figures: CommandFigures
  readonly evidence: CommandEvidence
}

/** How many of the last commands are sent once more to nodes that were just started. */
const sentAgain = 100

/** Clients send commands to nodes that are killed meanwhile; then what they were told is checked. */
export async function runCommands(options: CommandRunOptions): Promise<CommandRunResult> {
  const { backend, commands, seed, nodes: nodeCount = 1 } = options
  const { accounts = 40, liveActors = 10, transfers = 0.3 } = options
  await using setup = await startSetup(backend)
  // Made by one, as others may come with the store half made.
  await using store = await setup.backend.openStore({ logger: silent })
  await using started = new AsyncDisposableStack()
  const nodes = Array.from({ length: nodeCount }, (_, index) =>
    // Even ones are patient, if the store is: see the setup.
    started.use(new BankNode({ place: setup.placeFor(index * 2), liveActors })),
  )
  await Promise.all(nodes.map((node) => node.start()))
  using client = new BankClient(nodes, new SeededRandom(seed + 1))
  const run = new CommandRun(options, nodes, client)
  const planned = planCommands({ commands, accounts, transfers, seed })
  const begin = performance.now()
  const told = await run.carryOut(planned)
  const tookMs = performance.now() - begin
  await Promise.all(nodes.map((node) => node.kill()))
  await Promise.all(nodes.map((node) => node.start()))
  const evidence = {
    commands: await sendAgain(client, told),
    looks: await lookAtAll(client, accounts),
    log: await Array.fromAsync(store.readAll()),
  }
  const figures = figuresOf(evidence, run, client, tookMs)
  return { findings: checkCommands(evidence), figures, evidence }
}

class CommandRun {
  readonly #options: CommandRunOptions
  readonly #nodes: readonly BankNode[]
  readonly #client: BankClient
  readonly #random: SeededRandom
  /** The killing that is under way. */
  #killing: Promise<void> | undefined
  #answers = 0
  #nextKill: number
  #lastAnswer = performance.now()
  kills = 0
  longestOutageMs = 0

  constructor(options: CommandRunOptions, nodes: readonly BankNode[], client: BankClient) {
    this.#options = options
    this.#nodes = nodes
    this.#client = client
    this.#random = new SeededRandom(options.seed + 2)
    this.#nextKill = this.#answersToKill()
  }

  async carryOut(commands: readonly BankCommand[]): Promise<ToldCommand[]> {
    const told: ToldCommand[] = []
    const waiting = commands.values()
    const client = async (): Promise<void> => {
      for (const command of waiting) {
        told.push({ command, answers: await this.#carryOutSome(command) })
        if (told.length % 2_000 === 0)
          this.#options.log?.(`${told.length} commands, ${this.kills} kills`)
        await this.#killing
      }
    }
    await Promise.all(Array.from({ length: this.#options.clients ?? 32 }, client))
    return told
  }

  /** Most commands are sent once; some twice at the same time, some again once they are answered. */
  async #carryOutSome(command: BankCommand): Promise<Answer[]> {
    const chosen = this.#random.next()
    const once = (): Promise<Answer> => this.#carryOut(command)
    if (chosen < 0.05) return Promise.all([once(), once()])
    const first = await once()
    return chosen < 0.1 && first.is === 'done' ? [first, await once()] : [first]
  }

  async #carryOut(command: BankCommand): Promise<Answer> {
    const answer = await this.#client.carryOut(command)
    const now = performance.now()
    this.longestOutageMs = Math.max(this.longestOutageMs, now - this.#lastAnswer)
    this.#lastAnswer = now
    if (++this.#answers >= this.#nextKill && !this.#killing) this.#kill()
    return answer
  }

  /** Nobody waits for it: the other commands are under way meanwhile. */
  #kill(): void {
    const node = this.#random.pick(this.#nodes)
    this.kills++
    this.#killing = node
      .kill()
      .then(() => node.start())
      .then(() => {
        this.#nextKill = this.#answers + this.#answersToKill()
        this.#killing = undefined
      })
  }

  #answersToKill(): number {
    const { answersPerKill = 300 } = this.#options
    return answersPerKill === 0 ? Infinity : 1 + this.#random.below(2 * answersPerKill)
  }
}

/** Who was done before is done still: also where all that the node knows is what is stored. */
async function sendAgain(
  client: BankClient,
  told: readonly ToldCommand[],
): Promise<readonly ToldCommand[]> {
  const isAgain = ({ answers }: ToldCommand, index: number): boolean =>
    index >= told.length - sentAgain && answers.some(({ is }) => is === 'done')
  return Promise.all(
    told.map(async (each, index) => {
      if (!isAgain(each, index)) return each
      const { command, answers } = each
      return { command, answers: [...answers, await client.carryOut(command)] }
    }),
  )
}

function lookAtAll(client: BankClient, accounts: number): Promise<Told[]> {
  return Promise.all(Array.from({ length: accounts }, (_, index) => client.look(`a${index}`)))
}

function figuresOf(
  { commands, log }: CommandEvidence,
  { kills, longestOutageMs }: CommandRun,
  { figures }: BankClient,
  tookMs: number,
): CommandFigures {
  const isDone = ({ answers }: ToldCommand): boolean => answers.some(({ is }) => is === 'done')
  const done = commands.filter(isDone).length
  return {
    commands: commands.length,
    done,
    rejected: commands.length - done,
    events: log.length,
    commandsPerSecond: Math.round((commands.length / tookMs) * 1_000),
    kills,
    lost: figures.lost,
    passing: Object.fromEntries(figures.passing),
    repeated: figures.repeated,
    longestOutageMs: Math.round(longestOutageMs),
  }
}

const ignore = (): void => undefined
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
