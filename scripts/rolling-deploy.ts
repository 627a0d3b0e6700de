/**
 * Clients send commands to three nodes, which are replaced meanwhile, one after the other, by those of another
 * version of the code: they end or are killed, and one of them is rolled back. Then what came of it is held
 * against the log: every command took effect once, and so did all that follows from it.
 *
 *     npm run rolling-deploy -- --plan sudden --backend sqlite --seed 42
 *
 * With `--plan staged` there are two deploys, of readers first, and nobody may notice anything.
 *
 * Prints figures, and what was lost or doubled: then the exit code is 1.
 */
import { parseArgs } from 'node:util'
import { historyBackends } from '../test/history/history-setup.ts'
import { type DeployOptions, runDeploy } from '../test/rolling-deploy/deploy-run.ts'
import { type PlanName, plans } from '../test/rolling-deploy/plan.ts'
import { printFigures, reportFindings, timedLog } from './check-report.ts'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'sqlite' },
    plan: { type: 'string', default: 'sudden' },
    'commands-per-step': { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const backend = historyBackends.find((name) => name === values.backend)
const plan = (Object.keys(plans) as PlanName[]).find((name) => name === values.plan)
const [commandsPerStep, seed] = [Number(values['commands-per-step']), Number(values.seed)]
const areRight = [commandsPerStep, seed].every((n) => Number.isSafeInteger(n) && n >= 0)
if (!backend || !plan || !areRight) {
  const planNames = Object.keys(plans).join(', ')
  console.error(
    `--backend is one of ${historyBackends.join(', ')}; --plan one of ${planNames}; --commands-per-step and --seed whole numbers`,
  )
  process.exit(2)
}
await run({ backend, plan, commandsPerStep, seed })

async function run(options: DeployOptions): Promise<void> {
  console.log(JSON.stringify(options))
  const { findings, figures } = await runDeploy({ ...options, log: timedLog() })
  printFigures(figures)
  reportFindings(findings, 'every command, and all that follows, took effect exactly once')
}
