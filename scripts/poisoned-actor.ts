/**
 * What one actor that can't be read costs 999 others, while its senders never give up.
 *
 *     npm run poisoned-actor -- --rounds 40 --commands 5000
 *
 * Short rounds take turns on one node: without its sender, with it, without it again, so that whatever else
 * the machine does falls on all; how much that is, the ratio of the two without it shows, which should be 1.
 * Prints medians of wall time and of CPU time a command of the others; the CPU time also without that of
 * the answers to the obstinate sender, which are measured alone.
 */
import { parseArgs } from 'node:util'
import { type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { Counter } from './counter.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    commands: { type: 'string', default: '5000' },
  },
})
const [rounds, commands] = [Number(values.rounds), Number(values.commands)]

type CounterNode = Node<typeof Counter>

const others = 999
const together = 64
/** What a replay of it has to read each time. */
const historyEvents = 1_000

const ignore = (): void => undefined
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** What a stretch of work took, of this machine and of this process. */
interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

interface Round extends Cost {
  /** How often the poisoned actor was asked meanwhile. */
  readonly refusals: number
}

await using node = await openNode()
const quarantined = await cost(untilQuarantined)
console.log(`in quarantine after ${show(quarantined)}, ${historyEvents} events a replay`)
const refusal = await costOfRefusal(20_000)
console.log(`a refusal, alone: ${(refusal.cpuMs * 1_000).toFixed(1)} µs CPU`)

const all: { readonly first: Round; readonly beside: Round; readonly last: Round }[] = []
for (let round = -2; round < rounds; round++) {
  const turn = { first: await run(), beside: await besideRound(), last: await run() }
  // The first ones warm up.
  if (round >= 0) all.push(turn)
}

tell('commands/s', ({ wallMs }) => (commands / wallMs) * 1_000, 0)
tell('µs CPU a command', ({ cpuMs }) => (cpuMs / commands) * 1_000, 1)
tell('µs CPU a command, refusals taken off', othersOnly, 1)
const refusals = median(all.map(({ beside }) => beside.refusals))
console.log(`refusals in a round of ${commands} commands: ${refusals}`)

function othersOnly({ cpuMs, refusals: count }: Round): number {
  return ((cpuMs - count * refusal.cpuMs) / commands) * 1_000
}

/** Medians of both, and of the ratios of neighbours, with their quartiles. */
function tell(unit: string, of: (round: Round) => number, digits: number): void {
  const turns = all.map((turn) => [of(turn.first), of(turn.beside), of(turn.last)] as const)
  const alone = median(turns.flatMap(([first, , last]) => [first, last]))
  const beside = median(turns.map(([, between]) => between))
  const ratios = turns.map(([first, between, last]) => between / ((first + last) / 2))
  const control = turns.map(([first, , last]) => last / first)
  console.log(`${unit}: ${alone.toFixed(digits)} alone, ${beside.toFixed(digits)} beside it`)
  console.log(`  ratio ${quartiles(ratios)}; without it, of two like ones: ${quartiles(control)}`)
}

function quartiles(numbers: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(numbers, share).toFixed(2))
  return `${middle} (half of them ${low} to ${high})`
}

async function openNode(): Promise<CounterNode> {
  const made = await open({ backend: memory(), actors: [Counter], logger })
  const added = Array.from({ length: historyEvents - 1 }, () => ({
    type: 'Added',
    data: { by: 1 },
  }))
  const events = [...added, { type: 'Nonsense', data: {} }]
  await made.events.append('counter-poisoned', events, { expectedVersion: 0 })
  return made
}

async function refused(): Promise<void> {
  await node.get(Counter, 'poisoned').add({ by: 1 }).catch(ignore)
}

async function untilQuarantined(): Promise<void> {
  while (node.quarantined.length === 0) await refused()
}

async function costOfRefusal(count: number): Promise<Cost> {
  const ask = async (): Promise<void> => {
    for (let sent = 0; sent < count; sent++) await refused()
  }
  await ask()
  const { wallMs, cpuMs } = await cost(ask)
  return { wallMs: wallMs / count, cpuMs: cpuMs / count }
}

async function besideRound(): Promise<Round> {
  let refusalCount = 0
  const over = new AbortController()
  const obstinate = async (): Promise<void> => {
    // At once: in memory, all of a round runs within one turn of the event loop.
    for (; !over.signal.aborted; refusalCount++) await refused()
  }
  const bother = obstinate()
  const round = await run()
  const counted = { ...round, refusals: refusalCount }
  over.abort()
  await bother
  return counted
}

/** The others' commands, which are what is measured. */
async function run(): Promise<Round> {
  let sent = 0
  const sender = async (): Promise<void> => {
    while (sent < commands) await node.get(Counter, `user-${sent++ % others}`).add({ by: 1 })
  }
  const taken = await cost(() => Promise.all(Array.from({ length: together }, sender)))
  return { ...taken, refusals: 0 }
}

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const [begin, before] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(before)
  return { wallMs: performance.now() - begin, cpuMs: (user + system) / 1_000 }
}

function show({ wallMs, cpuMs }: Cost): string {
  return `${wallMs.toFixed(0)} ms (${cpuMs.toFixed(0)} ms CPU)`
}

function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
