import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Node, open } from 'aether'
import { partOf } from '../../src/projections/progress/part.ts'
import { type HistoryBackend, startSetup } from '../history/history-setup.ts'
import type { NatsServer } from '../support/nats.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { checkProjections, type Entry, type ProjectionEvidence } from './check-projections.ts'
import type { Balance } from './books.ts'
import { Bystander } from './bystander.ts'
import { type LoggedBooking, ReadsCheck } from './check-reads.ts'
import { Copy, Ledger, nameSelf } from './ledger.ts'
import { leases } from './leases.ts'
import { makeReaders, type Readers } from './readers.ts'
import { ReadingProcess } from './reading-process.ts'
import type { Sabotage } from './sabotage.ts'
import { Trouble } from './trouble.ts'

export interface ProjectionRunOptions {
  readonly backend: HistoryBackend
  /** How long is written and disturbed, in seconds: longer, until as much was done as is asked for. */
  readonly seconds: number
  /** Decides what is written, and what is done to the members. */
  readonly seed: number
  /** Processes that take part in the same readers. @default 4 */
  readonly members?: number
  /** @default 300 */
  readonly ledgers?: number
  /** How many events are written a second, at most. @default 200 */
  readonly eventsPerSecond?: number
  /** How many of the calls of handlers fail, of one. @default 0.002 */
  readonly mishaps?: number
  /** At least so many. @default 0 */
  readonly kills?: number
  /** At least so many. @default 0 */
  readonly freezes?: number
  /** How often another build takes the place of one that is read, at least. @default 0 */
  readonly switches?: number
  /** What is done: nothing else is. @default all */
  readonly only?: readonly TroubleOf[] | undefined
  /** Whether enough has been seen: else it goes on. @default it always has */
  readonly isSeen?: ((seen: Seen) => boolean) | undefined
  /** Lets the target of the projection break its promise. */
  readonly sabotage?: Sabotage | undefined
  /** Is told what happens. */
  log?(line: string): void
}

/** What the tables and the policy show by now. */
export type Seen = Pick<ProjectionEvidence, 'entries' | 'effects'>

/** Whom something is done to: the readers are built anew, and paused. */
export const troubles = ['members', 'servers', 'readers'] as const
export type TroubleOf = (typeof troubles)[number]

export interface ProjectionFigures {
  readonly events: number
  readonly kills: number
  readonly freezes: number
  /** Of servers: kills, freezes and restarts. */
  readonly outages: number
  readonly rebuilds: number
  readonly pauses: number
  /** How often another build was read than before. */
  readonly switches: number
  /** How often all of a view or table was read meanwhile. */
  readonly readings: number
  /** How often the events of a part were handled by another process, or life of it, than before. */
  readonly takeOversOfTables: number
  readonly takeOversOfPolicy: number
  /** Lives of processes that have written to the tables. */
  readonly lives: number
  /** What members complained about. */
  readonly complaints: number
  /** How long it took to catch up once nothing was done to them any more, in milliseconds. */
  readonly catchUpMs: number
}

export interface ProjectionRunResult {
  readonly findings: readonly string[]
  readonly figures: ProjectionFigures
}

/** Without so many events nothing is shown, however slow all is. */
const fewestEvents = 100

/** How long members may take to catch up, in milliseconds. */
const patienceMs = 300_000

/** Members make something of what is written, while they are killed and frozen; then it is checked. */
export async function runProjections(options: ProjectionRunOptions): Promise<ProjectionRunResult> {
  const { backend, seed, members: count = 4, mishaps = 0.002, sabotage } = options
  await using setup = await startSetup(backend)
  await using folder = await temporaryFolder()
  const tables = join(folder.path, 'books.db')
  // Made by one, as others may come with the store half made.
  await using writing = await open({
    backend: setup.backend,
    actors: [Ledger],
    limits: { commandTimeoutMs: 60_000 },
    logger: silent,
  })
  nameSelf('reader')
  const readers = makeReaders({ file: tables, mishap: ignore })
  await using bystander = new Bystander(readers, writing.events, (text) => run.complain(text))
  await using started = new AsyncDisposableStack()
  const look = (): Promise<Seen> => seenBy(writing, readers)
  const run = new ProjectionRun({ options, writing, bystander, look })
  const members = Array.from({ length: count }, (_, index) => {
    const settings = { name: `m${index}`, seed: seed + index * 1_000, tables, mishaps, sabotage }
    // Even ones are patient, if the store is: see the setup.
    const place = setup.placeFor(index * 2)
    return started.use(new ReadingProcess({ ...settings, place }, run.complain))
  })
  await Promise.all(members.map((member) => member.start()))
  await run.writeAndDisturb(members, setup.servers)
  // One more member, whom all is asked.
  await using reading = await open({
    backend: setup.backend,
    actors: [Ledger, Copy],
    projections: [readers.balances, readers.districts, readers.books],
    policies: [readers.copying],
    leases,
    limits: { commandTimeoutMs: 60_000 },
    logger: silent,
  })
  const begin = performance.now()
  using _telling = telling(reading, options)
  await until(async () => (await bystander.rebuilding()).length === 0, {
    description: 'all builds have taken their place',
    timeoutMs: patienceMs,
    intervalMs: 100,
  })
  const parked = await caughtUp(reading, readers)
  const catchUpMs = Math.round(performance.now() - begin)
  const evidence = { ...(await evidenceOf(reading, readers)), parked }
  const check = new ReadsCheck(evidence.bookings)
  const findings = [
    ...checkProjections(evidence),
    ...bystander.readings.flatMap((each) => check.check(each)),
  ]
  return { findings, figures: run.figures(evidence, catchUpMs) }
}

interface ProjectionRunParts {
  readonly options: ProjectionRunOptions
  readonly writing: Node<typeof Ledger>
  readonly bystander: Bystander
  readonly look: () => Promise<Seen>
}

/** Writes, and lets others make trouble meanwhile. */
class ProjectionRun {
  readonly #options: ProjectionRunOptions
  readonly #writing: Node<typeof Ledger>
  readonly #bystander: Bystander
  readonly #trouble: Trouble
  readonly #look: () => Promise<Seen>
  readonly #over = new AbortController()
  #endMs = Infinity
  #complaints = 0
  #written = 0
  #isSeen: boolean

  constructor({ options, writing, bystander, look }: ProjectionRunParts) {
    this.#options = options
    this.#writing = writing
    this.#bystander = bystander
    this.#look = look
    this.#isSeen = options.isSeen === undefined
    const log = (line: string): void => options.log?.(line)
    this.#trouble = new Trouble({ isEnough: () => this.#isEnough(), log })
  }

  readonly complain = (text: string): void => {
    this.#complaints++
    this.#options.log?.(text)
  }

  /** Writes all the time, and disturbs the readers, the servers and some of the members at once. */
  async writeAndDisturb(
    members: readonly ReadingProcess[],
    servers: readonly NatsServer[],
  ): Promise<void> {
    const { seed, seconds, only = troubles } = this.#options
    this.#endMs = performance.now() + seconds * 1_000
    const writing = this.#write(new SeededRandom(seed))
    const reading = this.#bystander.readOn(this.#over.signal)
    const looking = this.#lookOn()
    const half = Math.ceil(members.length / 2)
    const groups = [members.slice(0, half), members.slice(half)].filter(({ length }) => length > 0)
    const ofMembers = groups.map(
      (group, n) => () => this.#trouble.ofMembers(group, new SeededRandom(seed + 1 + n)),
    )
    const random = new SeededRandom(seed + 10)
    const work = [
      ...(only.includes('members') ? ofMembers : []),
      ...(only.includes('servers') && servers.length > 0
        ? [() => this.#trouble.ofServers(servers, random)]
        : []),
      ...(only.includes('readers')
        ? [() => this.#bystander.steerOn(random, () => this.#isEnough())]
        : []),
    ]
    try {
      await Promise.all(work.map((begin) => begin()))
    } finally {
      this.#over.abort()
      await Promise.all([writing, reading, looking])
    }
  }

  figures(evidence: ProjectionEvidence, catchUpMs: number): ProjectionFigures {
    const { kills, freezes, outages } = this.#trouble
    const { rebuilds, pauses, switches, readings } = this.#bystander
    return {
      events: evidence.bookings.length,
      ...{ kills, freezes, outages, rebuilds, pauses, switches },
      readings: readings.length,
      takeOversOfTables: takeOvers(evidence.entries),
      takeOversOfPolicy: takeOvers(evidence.effects),
      lives: new Set(evidence.entries.map(({ member }) => member)).size,
      complaints: this.#complaints,
      catchUpMs,
    }
  }

  #isEnough(): boolean {
    const { kills = 0, freezes = 0, switches = 0 } = this.#options
    return (
      performance.now() >= this.#endMs &&
      this.#trouble.kills >= kills &&
      this.#trouble.freezes >= freezes &&
      this.#bystander.switches >= switches &&
      this.#written >= fewestEvents &&
      this.#isSeen
    )
  }

  async #lookOn(): Promise<void> {
    const { isSeen } = this.#options
    while (isSeen && !this.#isSeen && !this.#over.signal.aborted) {
      // As long as nobody has made the tables, there is nothing to see.
      this.#isSeen = await this.#look().then(isSeen, () => false)
      await pause(300)
    }
  }

  async #write(random: SeededRandom): Promise<void> {
    const { ledgers = 300, eventsPerSecond = 200 } = this.#options
    while (!this.#over.signal.aborted) {
      // Some are written to more often than others, and some several events at once.
      const key = `l${Math.min(random.below(ledgers), random.below(ledgers))}`
      const length = random.chance(0.2) ? 1 + random.below(5) : 1
      const cents = Array.from({ length }, () => random.below(1_000))
      const [booking] = await Promise.allSettled([this.#writing.get(Ledger, key).book({ cents })])
      // Whatever was stored counts: whoever writes needn't know.
      if (booking.status === 'rejected') this.complain(`writer: ${String(booking.reason)}`)
      else this.#written += length
      if (random.chance(0.1)) await pause((length * 10_000) / eventsPerSecond)
    }
  }
}

/** Says how far the readers are, now and then. */
function telling(
  node: Node<typeof Ledger | typeof Copy>,
  { log }: ProjectionRunOptions,
): Disposable {
  const tell = async (): Promise<void> => {
    const all = await node.projections()
    const lags = all.map(({ name, state, lag, retrying, members }) => {
      return `${name} ${state}, ${lag.events} behind, ${retrying} retrying, ${members} members`
    })
    log?.(lags.join('; '))
  }
  const timer = setInterval(() => void tell().catch(ignore), 5_000)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** Resolves when every event has taken effect; gives the actors for which that can't be. */
async function caughtUp(
  node: Node<typeof Ledger | typeof Copy>,
  { balances, districts, books, copying }: Readers,
): Promise<string[]> {
  const filter = { actorTypes: [Ledger.type] }
  const position = (await Array.fromAsync(node.events.readAll({ filter }))).at(-1)?.position ?? 0
  const parked: string[] = []
  for (const reader of [balances, districts, books, copying]) {
    const handle = node.projection(reader)
    await handle.reached(position, { timeoutMs: patienceMs })
    const settled = async () => {
      const held = await handle.parked()
      return held.every(({ state }) => state === 'parked') && held
    }
    const held = await until(settled, {
      description: `${handle.name} has retried what failed`,
      timeoutMs: patienceMs,
      intervalMs: 100,
    })
    for (const { actorId, cause } of held)
      parked.push(`${handle.name}: ${actorId} (${cause.message})`)
  }
  return parked
}

async function evidenceOf(
  node: Node<typeof Ledger | typeof Copy>,
  readers: Readers,
): Promise<Omit<ProjectionEvidence, 'parked'> & { readonly bookings: readonly LoggedBooking[] }> {
  const { balances, districts, tables } = readers
  const log = await Array.fromAsync(node.events.readAll())
  const rows = await tables.read<{ ledger: string; state: string }>`SELECT * FROM balance`
  return {
    bookings: log.flatMap(({ actorId, type, version, position, data }): LoggedBooking[] =>
      type === 'Booked'
        ? [{ key: keyOf(actorId), version, position, ...(data as { cents: number }) }]
        : [],
    ),
    balances: await documents(node.view(balances).list()),
    districts: await documents(node.view(districts).list()),
    balanceRows: new Map(rows.map(({ ledger, state }) => [ledger, JSON.parse(state) as Balance])),
    ...(await seenBy(node, readers)),
  }
}

async function seenBy({ events }: Pick<Node, 'events'>, { tables }: Readers): Promise<Seen> {
  const entries = await tables.read<{
    ledger: string
    version: number
    member: string
  }>`SELECT ledger, version, member FROM entry ORDER BY id`
  const noted = await Array.fromAsync(events.readAll({ filter: { eventTypes: ['Noted'] } }))
  return {
    entries: entries.map((row) => ({ ...row })),
    effects: noted.map(({ data }) => data as unknown as Entry),
  }
}

async function documents<S>(
  list: AsyncIterable<{ readonly key: string; readonly state: S }>,
): Promise<ReadonlyMap<string, S>> {
  const found = await Array.fromAsync(list)
  return new Map(found.map(({ key, state }) => [key, state]))
}

/** How often a part was handled by somebody else than before. */
export function takeOvers(entries: readonly Entry[]): number {
  const owners = new Map<number, string>()
  let count = 0
  for (const { ledger, member } of entries) {
    const part = partOf(`${Ledger.type}-${ledger}`, 8)
    const before = owners.get(part)
    if (before !== undefined && before !== member) count++
    owners.set(part, member)
  }
  return count
}

function keyOf(actorId: string): string {
  return actorId.slice(Ledger.type.length + 1)
}

function ignore(): void {}
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
