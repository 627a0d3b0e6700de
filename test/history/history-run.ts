import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ActorId, EventStore } from 'aether'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Freeze } from './check-reads.ts'
import { checkHistory, type Evidence } from './check-history.ts'
import type { Disturbance } from './disturbance.ts'
import type { Finding } from './finding.ts'
import type { HistoryRecord } from './history.ts'
import { HistoryClient } from './history-client.ts'
import { type Figures, figuresOf } from './history-figures.ts'
import { readHistory } from './history-file.ts'
import { type HistoryBackend, type HistorySetup, startSetup } from './history-setup.ts'
import { HistoryWorker } from './history-worker.ts'
import { loggedEvents } from './logged-events.ts'
import { SeededRandom } from '../support/seeded-random.ts'

export interface RunOptions {
  readonly backend: HistoryBackend
  /** How long the processes work, in seconds. */
  readonly seconds: number
  readonly processes: number
  readonly actors: number
  /** Decides what is asked for, and what is done to the store. */
  readonly seed: number
  /** Disturbs in this way alone. @default in all ways */
  readonly only?: Disturbance['name'] | undefined
  /** Is told what happens. */
  log?(line: string): void
}

export interface RunResult {
  readonly findings: readonly Finding[]
  readonly figures: Figures
  readonly evidence: Evidence
}

/** How long an outage may keep calls waiting, and a subscription from its end, in ms. */
const patienceMs = 90_000

/** Processes work with a store while it's disturbed; then their histories are checked. */
export async function runHistory(options: RunOptions): Promise<RunResult> {
  await using setup = await startSetup(options.backend)
  await using folder = await temporaryFolder()
  await using started = new AsyncDisposableStack()
  // Made by one, as others may come with the store half made.
  await using store = await setup.backend.openStore()
  const workers = workersFor(options, setup, folder.path)
  for (const worker of workers) started.use(worker)
  await Promise.all(workers.map((worker) => worker.start()))
  const { freezes, disturbances } = await disturb(setup, workers, options)
  await Promise.all(workers.map((worker) => worker.pause(patienceMs)))
  const ending = await endOf(store)
  const log = await loggedEvents(store)
  const after = log.at(-1)?.position ?? 0
  // Whoever doesn't get there has given less than the log, which is found then.
  await Promise.allSettled(workers.map((worker) => worker.end(after, patienceMs)))
  const evidence = { ...historiesOf(workers, ending), log, freezes }
  return { findings: checkHistory(evidence), figures: figuresOf(evidence, disturbances), evidence }
}

function workersFor(
  { processes, actors, seed }: RunOptions,
  setup: HistorySetup,
  folder: string,
): HistoryWorker[] {
  return Array.from({ length: processes }, (_, index) => {
    const name = `p${index}`
    return new HistoryWorker({
      name,
      seed: seed + index * 1_000,
      place: setup.placeFor(index),
      actors: Array.from({ length: actors }, (_, actor): ActorId => `account-${actor}`),
      clients: 4,
      longestPauseMs: 40,
      historyFile: join(folder, name),
      // One that is never disturbed itself, and one that is.
      ...(index < 2 && { subscription: { name: `the subscription of ${name}`, checkpoint: '0' } }),
    })
  })
}

interface Disturbed {
  readonly freezes: readonly Freeze[]
  readonly disturbances: readonly Disturbance['name'][]
}

async function disturb(
  setup: HistorySetup,
  workers: readonly HistoryWorker[],
  { seconds, seed, only, log }: RunOptions,
): Promise<Disturbed> {
  const possible = setup
    .disturbances(workers)
    .filter(({ name }) => only === undefined || name === only)
  const random = new SeededRandom(seed)
  const freezes: Freeze[] = []
  const disturbances: Disturbance['name'][] = []
  const end = performance.now() + seconds * 1_000
  // Without a kill hardly anything is shown, however long the other disturbances took.
  const isMissing = possible.some(({ name }) => name === 'kill')
    ? (): boolean => !disturbances.includes('kill')
    : (): boolean => false
  for (let turn = random.below(possible.length); ; turn++) {
    const calm = (0.3 + 0.7 * random.next()) * setup.calmMs
    await pause(Math.max(0, Math.min(calm, end - performance.now())))
    if (performance.now() >= end && !isMissing()) return { freezes, disturbances }
    const { name, disturb } = possible[turn % possible.length] as Disturbance
    log?.(name)
    const freeze = await disturb(random)
    disturbances.push(name)
    if (freeze) freezes.push(freeze)
  }
}

/** The last event of the log: who has it has all. */
async function endOf(store: EventStore): Promise<HistoryRecord[]> {
  const history: HistoryRecord[] = []
  const random = new SeededRandom(0)
  const record = (each: HistoryRecord): void => void history.push(each)
  const client = new HistoryClient({ store, actors: [], random, name: 'end', record })
  const outcome = await client.write([{ actorId: 'end-1', expected: 0, ids: ['end'] }])
  if (outcome.is !== 'stored') throw new Error(`the end was not stored: ${JSON.stringify(outcome)}`)
  return history
}

function historiesOf(
  workers: readonly HistoryWorker[],
  ending: readonly HistoryRecord[],
): Pick<Evidence, 'histories' | 'killed' | 'subscriptions'> {
  const files = workers.flatMap((worker) => worker.histories)
  return {
    histories: [...files.map(({ path }) => readHistory(path)), ending],
    killed: new Set(files.flatMap(({ wasKilled }, index) => (wasKilled ? [index] : []))),
    subscriptions: workers.flatMap((worker) => worker.subscription ?? []),
  }
}
