import { setImmediate as nextTurn } from 'node:timers/promises'
import { open } from 'aether'
import { sqlite } from 'aether/sqlite'
import { collectGarbage } from '../collect-garbage.ts'
import { inFlight } from '../comparison.ts'
import { Order } from '../rivals/ours.ts'
import { data } from '../sample.ts'
import { scaled } from '../scale.ts'
import { temporaryFile } from '../temporary-file.ts'

/** These come first, so that what is made once, code and caches, is there. */
const warmUp = scaled(2_000)
const measured = scaled(8_000)
const width = 256
const collections = 3

const { file, remove } = await temporaryFile('events.db')
const node = await open({ backend: sqlite(file), actors: [Order] })
await live(0, warmUp)
const before = await heapBytes()
await live(warmUp, measured)
const after = await heapBytes()
if (node.liveActors !== warmUp + measured) throw new Error(`only ${node.liveActors} actors live`)
process.send?.((after - before) / measured)
await node.close()
await remove()
process.exit(0)

async function live(first: number, count: number): Promise<void> {
  await inFlight(count, width, (index) => node.get(Order, `a${first + index}`).place(data))
}

/** When all has come to rest. */
async function heapBytes(): Promise<number> {
  for (let count = 0; count < collections; count++) {
    await nextTurn()
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}
