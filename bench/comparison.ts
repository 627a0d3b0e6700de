/** A way of doing some work; gives how many units of it were done. */
export interface Contender extends AsyncDisposable {
  run(): Promise<number>
}

/** One line of the results: ours against a reference, on the same machine in the same minutes. */
export interface Comparison {
  readonly name: string
  /** What is counted: `appends`, `events`. */
  readonly unit: string
  /** Ours must be at least this many times as fast as the reference. */
  readonly target?: number
  start(): Promise<{ readonly ours: Contender; readonly reference: Contender }>
}

export interface Outcome {
  readonly name: string
  readonly unit: string
  readonly target: number | undefined
  /** Units a second, the median of all rounds. */
  readonly ours: number
  readonly reference: number
  /** The median of the ratios of the rounds. */
  readonly ratio: number
}

/** Runs both in turn, so that a machine that slows down slows down both. */
export async function compare(comparison: Comparison, rounds: number): Promise<Outcome> {
  const { name, unit, target } = comparison
  const { ours, reference } = await comparison.start()
  await using _ours = ours
  await using _reference = reference
  const speeds: { readonly ours: number; readonly reference: number }[] = []
  // The first round warms up and doesn't count.
  for (let round = 0; round <= rounds; round++) {
    const speed = { reference: await speedOf(reference), ours: await speedOf(ours) }
    if (round > 0) speeds.push(speed)
  }
  return {
    name,
    unit,
    target,
    ours: median(speeds.map((speed) => speed.ours)),
    reference: median(speeds.map((speed) => speed.reference)),
    ratio: median(speeds.map((speed) => speed.ours / speed.reference)),
  }
}

async function speedOf(contender: Contender): Promise<number> {
  const start = performance.now()
  const units = await contender.run()
  return units / ((performance.now() - start) / 1_000)
}

function median(values: readonly number[]): number {
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
