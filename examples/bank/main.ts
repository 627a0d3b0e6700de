import { once } from 'node:events'
import { AetherError, isAetherError, open } from 'aether'
import { serve } from 'aether/http'
import { sqlite } from 'aether/sqlite'
import { Account } from './bank.ts'

async function main(port: number): Promise<void> {
  await using bank = await open({ backend: sqlite('bank.db'), actors: [Account] })
  await using server = await serve(bank, { port, onError: (error) => console.error(error) })

  console.log(`The bank is open: ${server.url}, its events are kept in bank.db. Try:

  curl -X POST ${server.url}/actors/account/alice/open -d '{"owner":"Alice"}'
  curl -X POST ${server.url}/actors/account/alice/deposit -H 'Idempotency-Key: d1' -d '{"amount":50}'
  curl ${server.url}/actors/account/alice
`)

  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}

/** A variable of the environment is text, and whoever set it looks for it by its name. */
function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new AetherError(
    'invalid-argument',
    `PORT must be a whole number from 0 to 65535, not ${JSON.stringify(text)}`,
  )
}

try {
  await main(portOf(process.env['PORT'] ?? '4040'))
} catch (error) {
  if (!isAetherError(error)) throw error
  console.error(`bank: ${error.message}`)
  process.exitCode = 1
}
