import { isAetherError, open } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import type { StorePlace } from '../history/history-worker-child.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { leases } from './leases.ts'
import { Copy, Ledger, nameSelf } from './ledger.ts'
import { makeReaders } from './readers.ts'
import { type Sabotage, sabotaged } from './sabotage.ts'

// A process that takes part in all readers, and may be killed or frozen at any moment: see ReadingProcess.

export interface ReadingSettings {
  /** Of this life of this process. */
  readonly name: string
  readonly seed: number
  readonly place: StorePlace
  /** Of the tables that all share. */
  readonly tables: string
  /** How many of the calls of handlers fail, of one. */
  readonly mishaps: number
  readonly sabotage?: Sabotage | undefined
}

/** To the parent: it works; what it has to complain about. */
export type ReadingReport =
  { readonly is: 'open' } | { readonly is: 'error'; readonly text: string }

function ignore(): void {}

async function work(settings: ReadingSettings): Promise<void> {
  const { name, seed, place, tables, mishaps, sabotage } = settings
  const report = (what: ReadingReport): void => void (process.connected && process.send?.(what))
  const error = (_fields: unknown, text?: string): void => report({ is: 'error', text: text ?? '' })
  const random = new SeededRandom(seed)
  nameSelf(name)
  const { balances, districts, books, copying } = makeReaders({
    file: tables,
    mishap: () => {
      if (random.chance(mishaps)) throw new Error('a mishap')
    },
    sabotage: sabotage && ((target) => sabotaged(target, sabotage)),
  })
  const options = {
    backend: 'sqliteFile' in place ? sqlite(place.sqliteFile) : nats(place.natsOptions),
    actors: [Ledger, Copy],
    projections: [balances, districts, books],
    policies: [copying],
    leases,
    limits: { commandTimeoutMs: 60_000 },
    // Whether the server syncs is not what this is about.
    logger: { debug: ignore, info: ignore, warn: ignore, error },
  }
  await insist(() => open(options))
  report({ is: 'open' })
}

/** It may be started in the middle of an outage. */
async function insist(begin: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await begin()
      return
    } catch (thrown) {
      if (!isAetherError(thrown) || !outages.includes(thrown.code)) throw thrown
    }
  }
}

const outages: readonly string[] = ['store-unavailable', 'outcome-unknown']

process.once('message', (settings: ReadingSettings) => void work(settings))
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())
