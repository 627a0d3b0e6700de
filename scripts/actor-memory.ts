/**
 * How much memory actors take: what one that rests in memory needs, and whether many that are known
 * need none.
 *
 *     npm run actor-memory -- --known 1000000 --live 10000
 *
 * The memory backend would keep all events in the same heap, so the events are kept in SQLite.
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { open } from 'aether'
import { sqlite } from 'aether/sqlite'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { Counter } from './counter.ts'

const { values } = parseArgs({
  options: {
    known: { type: 'string', default: '1000000' },
    live: { type: 'string', default: '10000' },
    resting: { type: 'string', default: '100000' },
  },
})
const [known, live, resting] = [values.known, values.live, values.resting].map(Number) as [
  number,
  number,
  number,
]

/** How many are asked at the same time. */
const together = 500

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

await bytesOfOne({ withIds: false })
await bytesOfOne({ withIds: true })
await knownOnes()

/** The heap that so many resting actors take, and what it is for one of them. */
async function bytesOfOne({ withIds }: { readonly withIds: boolean }): Promise<void> {
  await using folder = await temporaryFolder()
  const backend = sqlite(`${folder.path}/events.db`)
  await using node = await open({ backend, actors: [Counter], limits: { liveActors: resting } })
  // The store's own memory of versions has a bound, which is reached before.
  await touch(0, 20_000)
  const [before, liveBefore] = [heapAfterCollection(), node.liveActors]
  await touch(20_000, resting)
  const bytes = (heapAfterCollection() - before) / (node.liveActors - liveBefore)
  const what = withIds ? 'one command id each' : 'no command ids'
  console.log(`a resting actor with a small state and ${what}: ${Math.round(bytes)} bytes`)

  async function touch(from: number, to: number): Promise<void> {
    for (let first = from; first < to; first += together)
      await Promise.all(
        Array.from({ length: Math.min(together, to - first) }, (_, index) => {
          const key = `user-${first + index}`
          const options = withIds ? { commandId: crypto.randomUUID() } : {}
          return node.get(Counter, key).add({ by: 1 }, options)
        }),
      )
  }
}

/** The heap while more and more actors become known, of which few live. */
async function knownOnes(): Promise<void> {
  await using folder = await temporaryFolder()
  const backend = sqlite(`${folder.path}/events.db`)
  await using node = await open({ backend, actors: [Counter], limits: { liveActors: live } })
  console.log('known actors | live actors | heap, MiB | resident, MiB')
  const begin = performance.now()
  for (let first = 0; first < known; first += together) {
    await Promise.all(
      Array.from({ length: together }, (_, index) =>
        node.get(Counter, `user-${first + index}`).add({ by: 1 }),
      ),
    )
    const count = first + together
    if (count % 100_000 !== 0) continue
    const heap = heapAfterCollection() / 2 ** 20
    const resident = process.memoryUsage().rss / 2 ** 20
    console.log(`${count} | ${node.liveActors} | ${heap.toFixed(1)} | ${resident.toFixed(0)}`)
  }
  const seconds = ((performance.now() - begin) / 1_000).toFixed(0)
  console.log(`${known} actors were known after ${seconds} s`)
}

function heapAfterCollection(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
