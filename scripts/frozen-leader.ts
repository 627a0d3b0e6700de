/**
 * Freezes the leader of a stream until the others have elected a new one and stored an event, resumes
 * it, and reads at once: how often, and for how long, is what is read old?
 *
 *     npm run frozen-leader -- --trials 20
 *
 * Prints a line for each trial, and how many of them showed an old version to whom.
 */
import { parseArgs } from 'node:util'
import { startNatsCluster } from '../test/support/nats.ts'
import { frozenLeaderTrial, type TrialReader, trialReaders } from '../test/history/frozen-leader.ts'

const { values } = parseArgs({ options: { trials: { type: 'string', default: '20' } } })
const trials = Number(values.trials)
if (!Number.isSafeInteger(trials) || trials < 1) {
  console.error(`--trials is a whole number, not ${values.trials}`)
  process.exit(2)
}

await using cluster = await startNatsCluster()
const old = new Map<TrialReader, number>()
for (let trial = 1; trial <= trials; trial++) {
  const { electedAfterMs, readers } = await frozenLeaderTrial(cluster)
  const told = trialReaders.map((name) => {
    const { reads, oldReads, lastOldMs } = readers[name]
    if (oldReads > 0) old.set(name, (old.get(name) ?? 0) + 1)
    const until = oldReads > 0 ? `, the last asked after ${lastOldMs.toFixed(1)} ms` : ''
    return `${name}: ${oldReads} of ${reads} old${until}`
  })
  console.log(`${trial}: stored after ${Math.round(electedAfterMs)} ms | ${told.join(' | ')}`)
}
for (const name of trialReaders)
  console.log(`${name}: old in ${old.get(name) ?? 0} of ${trials} trials`)
