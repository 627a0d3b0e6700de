/**
 * Cuts the power of a disk while events are stored on it, again and again, and counts which of the
 * acknowledged ones are gone: none may be, but where syncing is lazy, which is the control.
 *
 *     npm run power-cut -- --rounds 5
 *
 * Needs Linux, root and loop devices: the disk is an ext4 file system in a file, shut down without
 * writing back what waits. Exit code 1 where an acknowledged event was lost that had to stay, or
 * none that had to go; 2 where this machine can't do it.
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
  readonly cut: (afterMs: number) => Promise<PowerCut>
}

const setups: readonly Setup[] = [
  setup('SQLite', 'always', cutSqlite),
  setup('SQLite, synchronous = NORMAL', 'lazy', cutSqlite),
  ...([1, 3] as const).flatMap((replicas) => [
    setup(`JetStream, ${replicas} of ${replicas}, sync_interval: always`, 'always', (...args) =>
      cutJetStream(replicas, ...args),
    ),
    setup(`JetStream, ${replicas} of ${replicas}, sync_interval: 2m`, 'lazy', (...args) =>
      cutJetStream(replicas, ...args),
    ),
  ]),
]

function setup(
  name: string,
  syncing: Syncing,
  cut: (syncing: Syncing, afterMs: number) => Promise<PowerCut>,
): Setup {
  return { name, syncing, cut: (afterMs) => cut(syncing, afterMs) }
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

async function cutAll({ name, syncing, cut }: Setup): Promise<void> {
  const cuts: PowerCut[] = []
  for (let round = 0; round < rounds; round++) cuts.push(await cut(700 + Math.random() * 1_500))
  const lost = cuts.reduce((sum, each) => sum + each.lost, 0)
  const isRight = syncing === 'always' ? lost === 0 : lost > 0
  const figures = cuts.map((each) => `${each.lost} of ${each.acknowledged}`).join(', ')
  console.log(`${isRight ? 'as it must be' : 'WRONG'} | ${name} | lost ${figures}`)
  for (const warning of new Set(cuts.flatMap(({ warnings }) => warnings)))
    console.log(`  it had warned: ${warning}`)
  if (!isRight) process.exitCode = 1
}
