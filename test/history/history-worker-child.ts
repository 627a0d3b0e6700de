import { setTimeout as pause } from 'node:timers/promises'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import { type ActorId, isAetherError } from '../../src/core/index.ts'
import type { Backend, EventStore } from '../../src/store/index.ts'
import { HistoryClient } from './history-client.ts'
import { HistoryFile } from './history-file.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { SubscriptionRecorder } from './subscription-recorder.ts'

// A process that works with an event store and notes down its history: see HistoryWorker.

export interface WorkerSettings {
  readonly name: string
  readonly seed: number
  readonly place: StorePlace
  readonly actors: readonly ActorId[]
  /** How many calls are under way at once. */
  readonly clients: number
  /** The longest pause between two calls of a client, in milliseconds. */
  readonly longestPauseMs: number
  readonly historyFile: string
  /** Of the subscription that it follows, if it does, and from where on. */
  readonly subscription?: { readonly name: string; readonly checkpoint: string }
}

export type StorePlace =
  | { readonly sqliteFile: string }
  | { readonly natsOptions: NatsOptions & { readonly name: string } }

/** From the parent: makes no more calls; then the last position of the log, behind which it ends. */
export type WorkerOrder = { readonly do: 'pause' } | { readonly do: 'end'; readonly after: number }

/** To the parent. */
export type WorkerReport = 'working' | 'paused'

const settings = JSON.parse(process.argv[2] as string) as WorkerSettings
const { place, name } = settings
const backend: Backend = 'sqliteFile' in place ? sqlite(place.sqliteFile) : nats(place.natsOptions)
const history = new HistoryFile(settings.historyFile)
const record = history.record.bind(history)

/** It may be started in the middle of an outage. */
async function openStore(): Promise<EventStore> {
  for (;;) {
    try {
      return await backend.openStore()
    } catch (error) {
      if (!isAetherError(error) || error.code !== 'store-unavailable') throw error
    }
  }
}

const store = await openStore()
const { subscription } = settings
const follower =
  subscription &&
  new SubscriptionRecorder(store, subscription.name, record, subscription.checkpoint)

let isOver = false
async function work(index: number): Promise<void> {
  const random = new SeededRandom(settings.seed + index)
  const { actors, longestPauseMs } = settings
  const client = new HistoryClient({ store, actors, random, name: `${name}.${index}`, record })
  while (!isOver) {
    await client.step()
    await pause(random.next() * longestPauseMs)
  }
}
const working = Promise.all(Array.from({ length: settings.clients }, (_, index) => work(index)))

function report(what: WorkerReport): void {
  process.send?.(what)
}

async function end(after: number): Promise<void> {
  while (follower && follower.position < after) await pause(20)
  await follower?.stop()
  await store.close()
  process.disconnect()
}

process.on('message', (order: WorkerOrder) => {
  isOver = true
  if (order.do === 'end') void end(order.after)
  else void working.then(() => report('paused'))
})
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())
report('working')
