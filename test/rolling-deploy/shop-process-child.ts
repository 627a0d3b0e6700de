import { open } from 'aether'
import { serve } from 'aether/http'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import type { StorePlace } from '../history/history-worker-child.ts'
import { leases } from '../projection-check/leases.ts'
import { type ReleaseName, releases } from './plan.ts'

// A node of the shop over HTTP, of one version of its code, until it is sent SIGTERM or killed: see ShopProcess.

export interface ShopSettings {
  readonly place: StorePlace
  readonly tablesFile: string
  readonly release: ReleaseName
}

/** To the parent: where it listens, or what its log says. */
export type ShopReport =
  { readonly url: string } | { readonly level: string; readonly text: string }

const { place, tablesFile, release } = JSON.parse(process.argv[2] as string) as ShopSettings
const report = (what: ShopReport): void => void (process.connected && process.send?.(what))
const told =
  (level: string) =>
  (_fields: unknown, text?: string): void =>
    report({ level, text: text ?? String(_fields) })
const { actors, projections, policies } = releases[release](tablesFile)
const node = await open({
  backend: 'sqliteFile' in place ? sqlite(place.sqliteFile) : nats(place.natsOptions),
  ...{ actors, projections, policies, leases },
  // Fewer than there are, so that they come and go.
  limits: { commandTimeoutMs: 30_000, liveActors: 20, deliveryLeaseMs: 6_000 },
  logger: { debug: ignore, info: ignore, warn: told('warn'), error: told('error') },
})
const server = await serve(node, { port: 0 })
process.once('SIGTERM', () => void leave())
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())
report({ url: server.url })

async function leave(): Promise<void> {
  await server.close()
  await node.close()
  process.exit()
}

function ignore(): void {}
