import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { contender, type Reading } from '../comparison.ts'
import { group, nothingShared } from '../group.ts'

export const idleActorGroup = group({
  name: 'Actors: memory',
  remarks: [
    'On SQLite, so that no stored events are in the heap. The heap is measured after garbage collection, in a process of its own, with 2,000 and with 10,000 live actors that were sent one command each: what the store keeps of them counts, too.',
  ],
  open: nothingShared,
  comparisons: [
    {
      name: 'an idle live actor whose state is one number',
      unit: 'bytes',
      target: { atMost: 1_536 },
      start: async () => ({ ours: contender(bytesOfActor) }),
    },
  ],
})

async function bytesOfActor(): Promise<Reading> {
  const child = fork(join(import.meta.dirname, 'idle-memory-process.ts'), process.argv.slice(2))
  const [value] = (await Promise.race([once(child, 'message'), failed(child)])) as [number]
  return { value }
}

async function failed(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the process that measures memory ended with ${code}`)
}
