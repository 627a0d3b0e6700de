/**
 * Events are written all the time; processes make documents, tables and commands of them. Meanwhile they
 * are killed and frozen, the servers as well, and the documents and tables are built anew, paused, and
 * read. Then all that is held against the log: each event took effect exactly once, in the order of its
 * actor, and whatever was read was the fold of a beginning of the log, never less than before.
 *
 *     npm run projection-check -- --backend sqlite --seconds 60 --members 4 --seed 42
 *
 * `--only members`, `servers` or `readers` (more than once, if you like) does nothing to the others.
 * `--sabotage ignores-expected`, `progress-apart` or `shows-too-early` lets the tables break their
 * promise: the control, which must find something.
 *
 * Prints figures, and what was lost, doubled or out of order: then the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { historyBackends } from '../test/history/history-setup.ts'
import {
  type ProjectionRunOptions,
  runProjections,
  troubles,
} from '../test/projection-check/projection-run.ts'
import { sabotages } from '../test/projection-check/sabotage.ts'
import { printFigures, reportFindings, timedLog } from './check-report.ts'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'sqlite' },
    seconds: { type: 'string', default: '60' },
    members: { type: 'string', default: '4' },
    ledgers: { type: 'string', default: '300' },
    'events-per-second': { type: 'string', default: '200' },
    'mishaps-per-mille': { type: 'string', default: '2' },
    only: { type: 'string', multiple: true },
    sabotage: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const backend = historyBackends.find((name) => name === values.backend)
const sabotage = sabotages.find((name) => name === values.sabotage)
const only = values.only && troubles.filter((name) => values.only?.includes(name))
const numbers = {
  seconds: Number(values.seconds),
  members: Number(values.members),
  ledgers: Number(values.ledgers),
  eventsPerSecond: Number(values['events-per-second']),
  mishapsPerMille: Number(values['mishaps-per-mille']),
  seed: Number(values.seed),
}
const { mishapsPerMille, seed, ...counts } = numbers
const isRight =
  Object.values(counts).every((n) => Number.isSafeInteger(n) && n >= 1) &&
  [mishapsPerMille, seed].every((n) => Number.isSafeInteger(n) && n >= 0)
if (!backend || !isRight || only?.length === 0 || (values.sabotage !== undefined && !sabotage)) {
  console.error(
    `--backend is one of ${historyBackends.join(', ')}; --only, if any, of ${troubles.join(', ')}; --sabotage, if any, one of ${sabotages.join(', ')}; --seconds, --members, --ledgers and --events-per-second at least 1`,
  )
  process.exit(2)
}
await run({ backend, ...counts, seed, mishaps: mishapsPerMille / 1_000, only, sabotage })

async function run(options: ProjectionRunOptions): Promise<void> {
  console.log(JSON.stringify(options))
  const { findings, figures } = await runProjections({ ...options, log: timedLog() })
  printFigures(figures)
  reportFindings(findings, 'every event took effect exactly once, in order')
}
