import { join } from 'node:path'
import { actorId, type Node, open } from 'aether'
import { type HistoryBackend, startSetup } from '../history/history-setup.ts'
import { leases } from '../projection-check/leases.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { checkDeploy, type DeployEvidence } from './check-deploy.ts'
import { type Plan, type PlanName, plans, releases, type Step } from './plan.ts'
import type { Release } from './release.ts'
import { ShopClient } from './shop-client.ts'
import { ShopProcess } from './shop-process.ts'

export interface DeployOptions {
  readonly backend: HistoryBackend
  readonly plan: PlanName
  /** Decides what is asked for, and which nodes are killed. */
  readonly seed: number
  /** How many commands each node carries out before the next one is replaced. @default 60 */
  readonly commandsPerStep?: number
  /** Is told what happens. */
  log?(line: string): void
}

export interface DeployFigures {
  readonly commands: number
  readonly events: number
  readonly kills: number
  /** Tries that failed, by the version that answered and its error. */
  readonly failures: Readonly<Record<string, number>>
  /** The longest that a command took, with all its tries, in milliseconds. */
  readonly longestMs: number
  /** What nodes complained about, how often. */
  readonly complaints: number
  /** How often a node that answers was found not to be ready. */
  readonly notReady: number
  /** How long it took until all that follows had happened, once the load was over, in milliseconds. */
  readonly catchUpMs: number
}

export interface DeployResult {
  readonly findings: readonly string[]
  readonly figures: DeployFigures
}

const clients = 12
/** Also where all is slow. */
const patienceMs = 240_000

/** Nodes of one version are replaced by those of another, under load; then what came of it is checked. */
export async function runDeploy(options: DeployOptions): Promise<DeployResult> {
  const { backend, seed } = options
  await using setup = await startSetup(backend)
  await using folder = await temporaryFolder()
  const tablesFile = join(folder.path, 'tables.db')
  // Made by one, as others may come with the store half made.
  await (await setup.backend.openStore({ logger: silent })).close()
  await using started = new AsyncDisposableStack()
  const shops = Array.from({ length: 3 }, (_, index) => {
    // Even ones are patient, if the store is: see the setup.
    const settings = { place: setup.placeFor(index * 2), tablesFile }
    return started.use(new ShopProcess(`s${index}`, settings, (line) => run.complain(line)))
  })
  const client = new ShopClient(shops, new SeededRandom(seed))
  const run = new DeployRun(options, shops, client)
  await run.deploy()
  const { plan } = run
  const last = releases[plan.steps[plan.steps.length - 1]?.release ?? 'version-1'](tablesFile)
  // One more of the last version, whom all is asked.
  await using node = await open({
    ...{ backend: setup.backend, leases, logger: silent },
    ...{ actors: last.actors, projections: last.projections, policies: last.policies },
    limits: { commandTimeoutMs: 60_000 },
  })
  const begin = performance.now()
  const parked = await untilQuiet(node, last, run.log)
  const catchUpMs = Math.round(performance.now() - begin)
  const evidence = await evidenceOf(node, last, client)
  const findings = [...parked, ...run.findings, ...checkDeploy(evidence)]
  return { findings, figures: { ...run.figures, events: evidence.log.length, catchUpMs } }
}

/** Replaces one node after the other, while commands are sent all the time. */
class DeployRun {
  readonly plan: Plan
  readonly log: (line: string) => void
  readonly #options: DeployOptions
  readonly #shops: readonly ShopProcess[]
  readonly #client: ShopClient
  readonly #random: SeededRandom
  readonly #complaints: string[] = []
  #kills = 0
  #notReady = 0

  constructor(options: DeployOptions, shops: readonly ShopProcess[], client: ShopClient) {
    this.plan = plans[options.plan]
    this.log = (line) => options.log?.(line)
    this.#options = options
    this.#shops = shops
    this.#client = client
    this.#random = new SeededRandom(options.seed + 1)
  }

  readonly complain = (line: string): void => {
    this.#complaints.push(line)
    if (this.#complaints.length <= 100) this.log(line.slice(0, 300))
  }

  async deploy(): Promise<void> {
    await Promise.all(this.#shops.map((shop) => shop.start('version-1')))
    const over = new AbortController()
    const sending = Array.from({ length: clients }, () => this.#client.sendOn(over.signal))
    try {
      await this.#untilAsked()
      for (const [index, step] of this.plan.steps.entries()) {
        await this.#replace(step)
        this.#client.sendsNew = index + 1 >= this.plan.newCommandsFrom
        await this.#untilAsked()
        await this.#lookAtReadiness()
      }
    } finally {
      over.abort()
    }
    await Promise.all(sending)
  }

  /** What nobody may notice of a deploy that is smooth. */
  get findings(): readonly string[] {
    if (!this.plan.isSmooth) return []
    const heldBack = this.#complaints.filter((line) => /cannot be read|is not run/.test(line))
    return [...this.#client.final, ...heldBack.slice(0, 10)]
  }

  get figures(): Omit<DeployFigures, 'events' | 'catchUpMs'> {
    const { sent, failures, longestMs } = this.#client
    return {
      commands: sent.length,
      kills: this.#kills,
      failures: Object.fromEntries(failures),
      longestMs: Math.round(longestMs),
      complaints: this.#complaints.length,
      notReady: this.#notReady,
    }
  }

  async #replace({ shop: index, release }: Step): Promise<void> {
    const shop = this.#shops[index] as ShopProcess
    const isKilled = this.#random.chance(0.4)
    this.log(`${shop.name}: ${shop.release} ${isKilled ? 'is killed' : 'ends'}, ${release} follows`)
    if (isKilled) this.#kills++
    await shop.end(isKilled ? 'SIGKILL' : 'SIGTERM')
    await shop.start(release)
  }

  /** Each node has had its share, whatever it answered: on a slow machine that takes longer. */
  async #untilAsked(): Promise<void> {
    const { commandsPerStep = 60 } = this.#options
    const { answers } = this.#client
    const before = new Map(answers)
    await until(
      () =>
        this.#shops.every(({ url = '' }) => {
          return (answers.get(url) ?? 0) - (before.get(url) ?? 0) >= commandsPerStep
        }),
      { description: 'each node has carried out commands', timeoutMs: patienceMs },
    )
  }

  /** In a smooth deploy all are, soon: what else keeps one from it passes. */
  async #lookAtReadiness(): Promise<void> {
    for (const { name, url, release } of this.#shops) {
      const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200
      const description = `${name} of ${release} is ready`
      if (this.plan.isSmooth) await until(isReady, { description, timeoutMs: patienceMs })
      else if (!(await isReady())) {
        this.#notReady++
        this.log(`${name} of ${release} is not ready`)
      }
    }
  }
}

/** Resolves when all that follows from what was sent has happened; gives whom that was not possible for. */
async function untilQuiet(
  node: Node,
  { projections, policies }: Release,
  log: (line: string) => void,
): Promise<string[]> {
  const readers = [...projections, ...policies]
  let told = ''
  const isQuiet = async (): Promise<boolean> => {
    const all = await node.projections()
    const waiting = await node.reminders()
    const lines = all.map(({ name, state, lag, parked, retrying }) => {
      return `${name} ${state}, ${lag.events} behind, ${parked} parked, ${retrying} retrying`
    })
    const line = `${waiting.length} reminders; ${lines.join('; ')}`
    if (line !== told) log(line)
    told = line
    const isDone = all.every(({ state, lag, retrying }) => {
      return state === 'live' && lag.events === 0 && retrying === 0
    })
    return isDone && waiting.length === 0
  }
  await until(isQuiet, { description: 'all is done', timeoutMs: patienceMs, intervalMs: 300 })
  const parked = readers.map(async (reader) =>
    (await node.projection(reader).parked()).map(({ actorId, cause }) => {
      return `${reader.name} has parked ${actorId}: ${cause.message}`
    }),
  )
  return (await Promise.all(parked)).flat()
}

async function evidenceOf(
  node: Node,
  { tables, account, totals }: Release,
  { sent }: ShopClient,
): Promise<DeployEvidence> {
  if (!account || !totals) throw new Error('a deploy ends with a version that can be looked at')
  const { posting } = tables.tables
  const keys = [...new Set(sent.map((each) => each.account))]
  return {
    sent,
    log: await Array.fromAsync(node.events.readAll()),
    rows: await tables.read`SELECT account, version, cents FROM ${posting}`,
    accounts: await Promise.all(
      keys.map(async (key) => {
        const { state } = await node.state(actorId(account.type, key))
        return { key, state, document: await node.view(totals).get(key) }
      }),
    ),
  }
}

const ignore = (): void => undefined
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
