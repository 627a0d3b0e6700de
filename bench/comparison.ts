import { isTrial } from './scale.ts'

/** A way of doing some work, ready to be measured again and again. */
export interface Contender extends AsyncDisposable {
  run(): Promise<Reading>
}

/** What one run came to. */
export interface Reading {
  /** In the unit of the comparison. */
  readonly value: number
  readonly failures?: Failures
}

/** Work that was tried and not done. */
export interface Failures {
  readonly count: number
  /** Of how many tries. */
  readonly tries: number
  /** What one of them said. */
  readonly message: string
}

/** One line of the results: ours against a reference, on the same machine in the same minutes. */
export interface Comparison<Place = void> {
  readonly name: string
  /** What a run's value is: `appends/s`, or a time, where less is better. */
  readonly unit: string
  readonly target?: Target
  /** Whether there is anything to measure yet. @default it is */
  isReady?(place: Place): boolean
  start(place: Place): Promise<Pair>
}

export interface Pair {
  readonly ours: Contender
  /** Without one, the target is one for ours itself, not for the ratio. */
  readonly reference?: Contender
}

/** For ours ÷ reference. */
export type Target = { readonly atLeast: number } | { readonly atMost: number }

export interface Outcome {
  readonly name: string
  readonly unit: string
  readonly target?: Target
  /** The median of all rounds, as the other figures. */
  readonly ours: number
  readonly reference?: number
  /**
   * The median of the ratios of the rounds; the ratio of the medians where the reference did nothing
   * at all in some of them, and none where it did nothing in most.
   */
  readonly ratio?: number
  /** The least and the greatest of them. */
  readonly range?: readonly [least: number, greatest: number]
  readonly oursFailed?: Failures
  readonly referenceFailed?: Failures
  readonly rounds: number
  /** The day of the run. */
  readonly date: string
}

const warmUpMs = isTrial ? 0 : 2_000

interface Round {
  readonly ours: Reading
  readonly reference?: Reading
}

/** Runs both in turn, so that a machine that slows down slows down both. */
export async function compare<Place>(
  comparison: Comparison<Place>,
  place: Place,
  rounds: number,
): Promise<Outcome> {
  await using pair = disposable(await comparison.start(place))
  const measured: Round[] = []
  await warmUp(pair)
  for (let number = 1; number <= rounds; number++) measured.push(await runRound(pair, number))
  return outcomeOf(comparison, measured)
}

/**
 * Rounds that don't count: one, or as many as take this long. What serves others runs for hours, and an engine
 * goes on optimizing for a second or two.
 */
async function warmUp(pair: Pair): Promise<void> {
  const start = performance.now()
  for (let number = 0; number === 0 || performance.now() - start < warmUpMs; number++)
    await runRound(pair, number)
}

/** Who comes first changes from round to round: what one leaves behind is in the way of both. */
async function runRound({ ours, reference }: Pair, number: number): Promise<Round> {
  if (!reference) return { ours: await ours.run() }
  if (number % 2) return { ours: await ours.run(), reference: await reference.run() }
  const first = await reference.run()
  return { ours: await ours.run(), reference: first }
}

function outcomeOf<Place>(comparison: Comparison<Place>, rounds: readonly Round[]): Outcome {
  const { name, unit, target } = comparison
  const pairs = rounds.flatMap(({ ours, reference }) => (reference ? [{ ours, reference }] : []))
  const oursFailed = sumOf(rounds.map(({ ours }) => ours.failures))
  const referenceFailed = sumOf(pairs.map(({ reference }) => reference.failures))
  return {
    name,
    unit,
    ...(target && { target }),
    ours: median(rounds.map(({ ours }) => ours.value)),
    ...ratioOf(pairs),
    ...(oursFailed && { oursFailed }),
    ...(referenceFailed && { referenceFailed }),
    rounds: rounds.length,
    date: new Date().toISOString().slice(0, 10),
  }
}

function ratioOf(
  pairs: readonly Required<Round>[],
): Pick<Outcome, 'reference' | 'ratio' | 'range'> {
  if (pairs.length === 0) return {}
  const reference = median(pairs.map((pair) => pair.reference.value))
  const ratios = pairs.map((pair) => pair.ours.value / pair.reference.value)
  if (ratios.every(Number.isFinite)) {
    const range = [Math.min(...ratios), Math.max(...ratios)] as const
    return { reference, ratio: median(ratios), range }
  }
  if (reference === 0) return { reference }
  return { reference, ratio: median(pairs.map((pair) => pair.ours.value)) / reference }
}

function sumOf(all: readonly (Failures | undefined)[]): Failures | undefined {
  const some = all.filter((failures) => failures !== undefined)
  const message = some.find(({ count }) => count > 0)?.message
  if (message === undefined) return undefined
  const count = some.reduce((sum, failures) => sum + failures.count, 0)
  const tries = some.reduce((sum, failures) => sum + failures.tries, 0)
  return { count, tries, message }
}

export function isMissed({ target, ours, reference, ratio }: Outcome): boolean {
  const value = reference === undefined ? ours : ratio
  if (!target || value === undefined) return false
  return 'atLeast' in target ? value < target.atLeast : value > target.atMost
}

/** Whether some rounds met the target and others missed it: then the median decides little. */
export function isUnclear({ target, range }: Outcome): boolean {
  if (!target || !range) return false
  const bound = 'atLeast' in target ? target.atLeast : target.atMost
  return range[0] < bound && bound < range[1]
}

export function contender(
  run: () => Promise<Reading>,
  dispose: () => Promise<unknown> = async () => undefined,
): Contender {
  return {
    run,
    async [Symbol.asyncDispose]() {
      await dispose()
    },
  }
}

/** Measures how many units a second the work does, which says how many it did. */
export async function speed(work: () => Promise<number>): Promise<Reading> {
  const start = performance.now()
  const units = await work()
  return { value: units / ((performance.now() - start) / 1_000) }
}

/** Measures the median time of one piece of work, in microseconds, one after the other. */
export async function medianMicroseconds(
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<Reading> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const start = performance.now()
    await work(index)
    times.push((performance.now() - start) * 1_000)
  }
  return { value: median(times) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Does the work `count` times, `width` at a time. */
export async function inFlight(
  count: number,
  width: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return count
}

function disposable(pair: Pair): Pair & AsyncDisposable {
  return {
    ...pair,
    async [Symbol.asyncDispose]() {
      await pair.ours[Symbol.asyncDispose]()
      await pair.reference?.[Symbol.asyncDispose]()
    },
  }
}
