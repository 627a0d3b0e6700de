import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { type ActorId, type Backend, type EventStore, isAetherError, type Logger } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import type { Append } from '../processes/sqlite-store-child.ts'
import { StoreProcess } from '../processes/store-process.ts'
import { asking, login } from '../support/nats-monitoring.ts'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { LoopDisk } from './loop-disk.ts'

/** What a power cut did to a store. */
export interface PowerCut {
  readonly acknowledged: number
  /** Of the acknowledged ones. */
  readonly lost: number
  /** What the store warned of before the power was cut. */
  readonly warnings: readonly string[]
}

/** Whether each acknowledged write is synced first, or some time later. */
export type Syncing = 'always' | 'lazy'

const appendsAtOnce = 32

const lazySqlite = fileURLToPath(new URL('lazy-sqlite.ts', import.meta.url))

/** Cuts the power while a process appends to a SQLite file, after so many milliseconds. */
export async function cutSqlite(syncing: Syncing, afterMs: number): Promise<PowerCut> {
  await using disk = await LoopDisk.make()
  const file = join(disk.path, 'events.db')
  await using process = await startProcess(syncing)
  await process.open(file)
  await disk.sync()
  const appending = appendAll(async (actorId, data) => {
    const append: Append = { actorId, expectedVersion: 'any', data }
    const [outcome] = await process.append([append])
    return outcome?.version !== undefined
  })
  await pause(afterMs)
  const acknowledged = appending.stop()
  await disk.cutPower()
  await process.kill()
  await disk.unmount()
  await disk.mount()
  const stored = await readThenClose(await sqlite(file).openStore())
  return {
    acknowledged: acknowledged.size,
    lost: acknowledged.difference(stored).size,
    warnings: [],
  }
}

/** The same of all servers of a stream, which stand on one disk. */
export async function cutJetStream(
  replicas: 1 | 3,
  syncing: Syncing,
  afterMs: number,
): Promise<PowerCut> {
  await using disk = await LoopDisk.make()
  await using servers = await onDisk(disk, () =>
    startServers(replicas, syncing === 'always' ? 'jetstream { sync_interval: always }' : ''),
  )
  const warnings: string[] = []
  const logger = loggerInto(warnings)
  const options = { servers: servers.urls, ...login, replicas, retryForMs: 60_000 }
  const backend = nats(options)
  const store = await backend.openStore({ logger })
  await durabilityLookedAt(nats({ ...options, durability: 'require' }), syncing)
  if (syncing === 'lazy') {
    await until(() => warnings.length >= replicas, {
      description: 'each server that syncs now and then is warned of',
      timeoutMs: 60_000,
    })
  }
  await disk.sync()
  const appending = appendAll(async (actorId, data) => {
    const events = [{ type: 'Noted', data }]
    return (await store.append(actorId, events, { expectedVersion: 'any' })).ok
  })
  await pause(afterMs)
  const acknowledged = appending.stop()
  await disk.cutPower()
  await servers.kill()
  await Promise.all([store.close(), appending.ended])
  await disk.unmount()
  await disk.mount()
  await servers.restart()
  const stored = await readThenClose(await backend.openStore({ logger: loggerInto([]) }))
  await servers.stop()
  return { acknowledged: acknowledged.size, lost: acknowledged.difference(stored).size, warnings }
}

/** Fails where a store that demands servers that sync always is opened, and mustn't, or the reverse. */
async function durabilityLookedAt(demanding: Backend, syncing: Syncing): Promise<void> {
  const outcome = await demanding.openStore().then(
    (store) => store.close(),
    (error: unknown) => error,
  )
  const isRefused = isAetherError(outcome) && outcome.code === 'incompatible-store'
  if (isRefused === (syncing === 'lazy') && (isRefused || outcome === undefined)) return
  throw new Error(`servers that sync ${syncing} were looked at wrongly`, { cause: outcome })
}

interface Appending {
  readonly ended: Promise<unknown>
  /** What was acknowledged until now. */
  stop(): ReadonlySet<string>
}

/** Appends to as many actors at once, to each again and again, until it is stopped or fails. */
function appendAll(append: (actorId: ActorId, name: string) => Promise<boolean>): Appending {
  const acknowledged = new Set<string>()
  let isOver = false
  const run = async (appender: number): Promise<void> => {
    for (let count = 0; !isOver; count++) {
      const name = `${appender}-${count}`
      if ((await append(`account-${appender}`, name)) && !isOver) acknowledged.add(name)
    }
  }
  const running = Array.from({ length: appendsAtOnce }, (_, appender) => run(appender))
  return {
    // Without power they may fail, as they should.
    ended: Promise.allSettled(running),
    stop() {
      isOver = true
      return new Set(acknowledged)
    },
  }
}

async function readThenClose(store: EventStore): Promise<Set<string>> {
  await using _ = store
  return new Set(await Array.fromAsync(store.readAll(), ({ data }) => data as string))
}

async function startProcess(syncing: Syncing): Promise<StoreProcess> {
  const before = process.env.NODE_OPTIONS ?? ''
  if (syncing === 'lazy') process.env.NODE_OPTIONS = `${before} --import=${lazySqlite}`
  try {
    return await StoreProcess.start()
  } finally {
    process.env.NODE_OPTIONS = before
  }
}

interface Servers extends AsyncDisposable {
  readonly urls: readonly string[]
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

async function startServers(replicas: 1 | 3, config: string): Promise<Servers> {
  const options = { config: `${asking}\n${config}`, credentials: login, readyTimeoutMs: 60_000 }
  if (replicas === 3) return startNatsCluster(options)
  const server = await startNatsServer(options)
  return {
    urls: [server.url],
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Servers make their folders where temporary ones are. */
async function onDisk<T>(disk: LoopDisk, start: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR
  process.env.TMPDIR = disk.path
  try {
    return await start()
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

function loggerInto(warnings: string[]): Logger {
  const warn = (_: object, message: string): void => void warnings.push(message)
  return { debug() {}, info() {}, warn, error: warn }
}
