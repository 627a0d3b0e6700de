import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Backend, isAetherError, open } from 'aether'
import { serve } from 'aether/http'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import type { StorePlace } from '../history/history-worker-child.ts'
import { Account, type Transfer, transfer } from './account.ts'

// A node of a bank over HTTP, which may be killed at any moment: see BankNode.

export interface BankNodeSettings {
  readonly place: StorePlace
  /** How many accounts it keeps in memory: fewer than there are, so that they come and go. */
  readonly liveActors: number
}

/** To the parent: where the accounts are asked, and where the transfers. */
export interface BankAddresses {
  readonly accounts: string
  readonly transfers: string
}

const { place, liveActors } = JSON.parse(process.argv[2] as string) as BankNodeSettings
const backend: Backend = 'sqliteFile' in place ? sqlite(place.sqliteFile) : nats(place.natsOptions)
// Whether the server syncs is not what this is about.
const logger = { debug: ignore, info: ignore, warn: ignore, error: console.error }
const limits = { liveActors, commandTimeoutMs: 30_000 }
const node = await open({ backend, actors: [Account], limits, logger })
const accounts = await serve(node, { port: 0, onError: console.error })
const transfers = createServer((request, response) => {
  void answerOf(request).then(({ status, body }) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
  )
})
await new Promise<void>((resolve) => transfers.listen(0, '127.0.0.1', resolve))
const { port } = transfers.address() as AddressInfo
const addresses: BankAddresses = { accounts: accounts.url, transfers: `http://127.0.0.1:${port}` }
process.send?.(addresses)
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())

async function answerOf(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
  try {
    const order = JSON.parse(await text(request)) as Transfer
    return { status: 200, body: await transfer(node, order) }
  } catch (error) {
    if (!isAetherError(error)) console.error(error)
    const { code, retryable, message } = isAetherError(error)
      ? error
      : { code: 'internal', retryable: false, message: String(error) }
    return { status: 500, body: { code, retryable, detail: message } }
  }
}

function ignore(): void {}
