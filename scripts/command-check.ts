/**
 * Clients send commands to nodes of a bank, which are killed meanwhile, until each is answered; then
 * what they were told is held against what is stored: every command took effect exactly once.
 *
 *     npm run command-check -- --backend sqlite --commands 100000 --seed 42
 *
 * `--nodes 2 --accounts 4 --answers-per-kill 0` lets several nodes work on the same actors of one
 * store instead, without a cluster.
 *
 * Prints figures, and what was lost or doubled: then the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { runCommands } from '../test/commands/command-run.ts'
import { type HistoryBackend, historyBackends } from '../test/history/history-setup.ts'
import { printFigures, reportFindings, timedLog } from './check-report.ts'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'sqlite' },
    commands: { type: 'string', default: '100000' },
    nodes: { type: 'string', default: '1' },
    accounts: { type: 'string', default: '40' },
    clients: { type: 'string', default: '32' },
    'live-actors': { type: 'string', default: '10' },
    'transfers-percent': { type: 'string', default: '30' },
    'answers-per-kill': { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const backend = historyBackends.find((name) => name === values.backend)
const { commands, nodes, accounts, clients, seed } = values
const numbers = {
  ...{ commands, nodes, accounts, clients, seed },
  liveActors: values['live-actors'],
  transfersPercent: values['transfers-percent'],
  answersPerKill: values['answers-per-kill'],
}
const options = Object.fromEntries(
  Object.entries(numbers).map(([name, text]) => [name, Number(text)]),
) as Record<keyof typeof numbers, number>
const isRight = Object.values(options).every((n) => Number.isSafeInteger(n) && n >= 0)
if (
  !backend ||
  !isRight ||
  [options.nodes, options.clients, options.liveActors].includes(0) ||
  options.accounts < 2
) {
  console.error(
    `--backend is one of ${historyBackends.join(', ')}; --nodes, --clients and --live-actors at least 1; --accounts at least 2`,
  )
  process.exit(2)
}
await run(backend)

async function run(backend: HistoryBackend): Promise<void> {
  console.log(`${backend}: ${JSON.stringify(options)}`)
  const transfers = options.transfersPercent / 100
  const { findings, figures } = await runCommands({
    ...{ backend, ...options, transfers },
    log: timedLog(),
  })
  printFigures(figures)
  reportFindings(findings, 'every command took effect exactly once')
}
