import { jetstream } from '@nats-io/jetstream'
import { startNatsServer } from '../test/support/nats.ts'
import { fillStream } from './filled-stream.ts'
const count = Number(process.argv[2] ?? 200_000)
const server = await startNatsServer()
const t = performance.now()
const place = await fillStream(server.url, { eventCount: count, longActorCount: count/10000, shortActorCount: count/100 })
console.log('filled', Math.round(performance.now() - t))
const d = new TextDecoder()
async function ours() { let n = 0; for await (const _ of place.store.readAll()) n++; return n }
async function ref() {
  const consumer = await jetstream(place.connection).consumers.get(place.subjects.stream)
  const messages = await consumer.consume({ max_messages: 1_000 })
  let n = 0
  for await (const m of messages) { n += (JSON.parse(d.decode(m.data)) as any).events.length; if (n === count) break }
  await messages.close(); return n
}
async function timed(f: () => Promise<number>) { const c = process.cpuUsage(); const s = performance.now(); const n = await f(); const e = (performance.now() - s)/1000; const u = process.cpuUsage(c); return { rate: n / e, cpu: (u.user+u.system)/n } }
await ours(); await ref()
const ratios = []
for (let i = 0; i < 5; i++) { const a = await timed(ours), b = await timed(ref); ratios.push(a.rate/b.rate); console.log(Math.round(a.rate), Math.round(b.rate), (a.rate/b.rate).toFixed(2), 'cpu µs', a.cpu.toFixed(2), b.cpu.toFixed(2)) }
console.log('median', ratios.sort()[2]!.toFixed(2))
await place[Symbol.asyncDispose](); await server.stop?.()
process.exit(0)
