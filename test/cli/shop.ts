import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliProcess, runCli } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const aether = JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))

/** As modules import it. */
export const bankModule = JSON.stringify(join(import.meta.dirname, '../projections/bank.ts'))

/** Deposits of 6 can't be taken while there is a file `poison`. */
const shop = `
import { existsSync } from 'node:fs'
import { policy, view } from ${aether}
import { Account, Balances } from ${bankModule}
export { Account, Balances }
export const Journal = view({
  name: 'journal',
  actors: [Account],
  state: { entries: [] },
  retries: 0,
  on: {
    Deposited: ({ entries }, { data: { amount } }) => {
      if (amount === 6 && existsSync('poison')) throw new RangeError('6 is poison')
      return { entries: [...entries, amount] }
    },
  },
})
export const Nothing = policy({ name: 'nothing', actors: [Account], on: { Deposited: () => {} } })
`

export type Folder = Awaited<ReturnType<typeof temporaryFolder>>

/** A folder with the module `shop.ts`: two views and a policy. */
export async function shopFolder(): Promise<Folder> {
  const folder = await temporaryFolder()
  await writeFile(join(folder.path, 'shop.ts'), shop)
  await writeFile(join(folder.path, 'poison'), '')
  return folder
}

/** What a command line printed, and how it ended. */
export interface Done {
  readonly code: unknown
  readonly values: readonly Record<string, unknown>[]
  readonly stderr: string
}

/** Runs `aether projection …` of the shop, on this backend or with `--node`. */
export async function steer(
  folder: Folder,
  backend: string,
  ...args: readonly string[]
): Promise<Done> {
  const isOfNode = args.includes('--node')
  const [command = '', ...rest] = args
  const words = isOfNode ? args : [command, 'shop.ts', ...rest, '--backend', backend]
  await using done = await runCli(['projection', ...words], folder.path)
  const lines = done.stdout.split('\n').filter((line) => line !== '')
  const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code: done.code, values, stderr: done.stderr }
}

/** `aether dev` of the shop. */
export function startDev(folder: Folder, backend: string): CliProcess {
  return new CliProcess(['dev', 'shop.ts', '--backend', backend, '--port', '0'], folder.path)
}
