/**
 * What one actor that can't be read costs 999 others, while its senders never give up.
 *
 *     npm run poisoned-actor -- --rounds 7 --commands 20000
 *
 * Prints the throughput of the others with it and without it, and the ratio: medians of the rounds.
 */
import { parseArgs } from 'node:util'
import { actor, open } from 'aether'
import { memory } from 'aether/memory'
import * as z from 'zod'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    commands: { type: 'string', default: '20000' },
  },
})
const [rounds, commands] = [Number(values.rounds), Number(values.commands)]

const Counter = actor('counter', {
  state: { total: 0 },
  events: { Added: z.object({ by: z.number() }) },
  evolve: { Added: (s, e) => ({ total: s.total + e.by }) },
  commands: {
    add: { input: z.object({ by: z.number() }), decide: (_, c, on) => on.Added(c) },
  },
})

const others = 999
const together = 64
/** What a replay of it would have to read each time. */
const historyEvents = 1_000

const ignore = (): void => undefined
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

const measured: { readonly alone: number; readonly beside: number; readonly ratio: number }[] = []
for (let round = 0; round <= rounds; round++) {
  // Who comes first changes.
  const first = await throughput(round % 2 === 0)
  const second = await throughput(round % 2 !== 0)
  const [beside, alone] = round % 2 === 0 ? [first, second] : [second, first]
  // The first round warms up.
  if (round > 0) measured.push({ alone, beside, ratio: beside / alone })
}
const of = (name: 'alone' | 'beside' | 'ratio'): number =>
  median(measured.map((each) => each[name]))
console.log(`${others} actors alone: ${Math.round(of('alone'))} commands/s`)
console.log(`beside a poisoned one: ${Math.round(of('beside'))} commands/s`)
const ratios = measured.map(({ ratio }) => ratio)
const range = [Math.min(...ratios), Math.max(...ratios)].map((each) => each.toFixed(2))
console.log(`ratio: ${of('ratio').toFixed(2)} (${range.join(' to ')})`)

/** Commands a second that the others carry out. */
async function throughput(isBeside: boolean): Promise<number> {
  await using node = await open({ backend: memory(), actors: [Counter], logger })
  const added = Array.from({ length: historyEvents - 1 }, () => ({
    type: 'Added',
    data: { by: 1 },
  }))
  const events = [...added, { type: 'Nonsense', data: {} }]
  await node.events.append('counter-poisoned', events, { expectedVersion: 0 })
  let sent = 0
  const over = new AbortController()
  const sender = async (): Promise<void> => {
    while (sent < commands) await node.get(Counter, `user-${sent++ % others}`).add({ by: 1 })
  }
  const obstinate = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await node.get(Counter, 'poisoned').add({ by: 1 }).catch(ignore)
      await new Promise(setImmediate)
    }
  }
  const bother = isBeside ? obstinate() : undefined
  const begin = performance.now()
  await Promise.all(Array.from({ length: together }, sender))
  const tookMs = performance.now() - begin
  over.abort()
  await bother
  return (commands / tookMs) * 1_000
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
}
