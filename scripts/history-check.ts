/**
 * Processes work with a store while it is killed, frozen and restarted; then what each of them was
 * told is held against what is stored.
 *
 *     npm run history-check -- --backend nats-r3 --seconds 60 --processes 8 --actors 20 --seed 42
 *
 * `--only kill`, `freeze` or `restart` disturbs in this way alone.
 *
 * Prints figures, and what the store did that it must not do: then the exit code is 1, and the
 * histories are kept.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Finding } from '../test/history/finding.ts'
import { runHistory, type RunResult } from '../test/history/history-run.ts'
import { type HistoryBackend, historyBackends } from '../test/history/history-setup.ts'
import { printFigures, timedLog } from './check-report.ts'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'sqlite' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    actors: { type: 'string', default: '20' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})

const backend = historyBackends.find((name) => name === values.backend)
const [seconds, processes, actors, seed] = [
  values.seconds,
  values.processes,
  values.actors,
  values.seed,
].map(Number) as [number, number, number, number]
const only = (['kill', 'freeze', 'restart'] as const).find((name) => name === values.only)
const isWrong =
  only !== values.only ||
  ![seconds, processes, actors, seed].every((n) => Number.isSafeInteger(n) && n >= 0)
if (!backend || isWrong || processes < 2) {
  console.error(
    `--backend is one of ${historyBackends.join(', ')}; --processes at least 2; --only kill, freeze or restart`,
  )
  process.exit(2)
}
await run(backend)

async function run(backend: HistoryBackend): Promise<void> {
  console.log(`${backend}: ${processes} processes, ${actors} actors, ${seconds} s, seed ${seed}`)
  const result = await runHistory({
    backend,
    seconds,
    processes,
    actors,
    seed,
    only,
    log: timedLog(),
  })
  printFigures(result.figures)
  report(result)
}

/** Reads of a leader that was frozen are known to be old at times; they are shown, and no failure. */
function report({ findings, evidence }: RunResult): void {
  for (const { kind, message } of findings.slice(0, 100)) console.log(`${kind}: ${message}`)
  const counts = Map.groupBy(findings, ({ kind }: Finding) => kind)
  for (const [kind, each] of counts) console.log(`${kind}: ${each.length}`)
  const isRight = findings.every(({ kind }) => kind === 'stale-read-after-freeze')
  console.log(isRight ? 'no findings that break a promise' : 'the store broke its promises')
  if (findings.length === 0) return
  const file = join(mkdtempSync(join(tmpdir(), 'aether-history-')), 'evidence.json')
  writeFileSync(
    file,
    JSON.stringify({ seed, findings, ...evidence, killed: [...(evidence.killed ?? [])] }),
  )
  console.log(`the histories are in ${file}`)
  if (!isRight) process.exitCode = 1
}
