/**
 * Cuts the power of a disk while events are stored on it, again and again, and counts which of the
 * acknowledged ones are gone: none may be, but where syncing is lazy, which is the control.
 *
 *     npm run power-cut -- --rounds 5
 *
 * Of a server that syncs lazily the store must have warned before, and of no other one.
 *
 * Needs Linux, root and loop devices: the disk is an ext4 file system in a file, shut down without
 * writing back what waits. Exit code 1 where an acknowledged event was lost that had to stay, or
 * none that had to go, or where a warning is missing or wrong; 2 where this machine can't do it.
 */
import { parseArgs } from 'node:util'
import { NoLoopDisk } from '../test/power-cut/loop-disk.ts'
import {
  cutJetStream,
  cutSqlite,
  type PowerCut,
  type Syncing,
} from '../test/power-cut/power-cut.ts'

interface Setup {
  readonly name: string
  readonly syncing: Syncing
  /** How many lazy servers the store warns of each time. */
  readonly warnings: number
  readonly cut: (afterMs: number) => Promise<PowerCut>
}

const setups: readonly Setup[] = [
  setup('SQLite', 'always', 0, cutSqlite),
  // The control sets behind the store's back what the store has no option for.
  setup('SQLite, synchronous = NORMAL', 'lazy', 0, cutSqlite),
  ...([1, 3] as const).flatMap((replicas) => [
    setup(`JetStream, ${replicas} of ${replicas}, sync_interval: always`, 'always', 0, (...args) =>
      cutJetStream(replicas, ...args),
    ),
    setup(`JetStream, ${replicas} of ${replicas}, sync_interval: 2m`, 'lazy', replicas, (...args) =>
      cutJetStream(replicas, ...args),
    ),
  ]),
]

function setup(
  name: string,
  syncing: Syncing,
  warnings: number,
  cut: (syncing: Syncing, afterMs: number) => Promise<PowerCut>,
): Setup {
  return { name, syncing, warnings, cut: (afterMs) => cut(syncing, afterMs) }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Number(values.rounds)
try {
  for (const each of setups) await cutAll(each)
} catch (error) {
  if (!(error instanceof NoLoopDisk)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function cutAll({ name, syncing, warnings, cut }: Setup): Promise<void> {
  const cuts: PowerCut[] = []
  for (let round = 0; round < rounds; round++) cuts.push(await cut(700 + Math.random() * 1_500))
  const lost = cuts.reduce((sum, each) => sum + each.lost, 0)
  const isLossRight = syncing === 'always' ? lost === 0 : lost > 0
  const isWarned = cuts.every(
    (each) => each.warnings.length === warnings && each.warnings.every(isOfLazySync),
  )
  const isRight = isLossRight && isWarned
  const figures = cuts.map((each) => `${each.lost} of ${each.acknowledged}`).join(', ')
  console.log(`${isRight ? 'as it must be' : 'WRONG'} | ${name} | lost ${figures}`)
  console.log(
    `  warned of ${warnings} lazy servers, and of nothing else: ${isWarned ? 'yes' : 'NO'}`,
  )
  for (const warning of new Set(cuts.at(-1)?.warnings)) console.log(`  last time: ${warning}`)
  if (!isRight) process.exitCode = 1
}

function isOfLazySync(warning: string): boolean {
  return /^nats-server \S+ syncs its disk every \d+ s: .*sync_interval: always/.test(warning)
}
