import { compare, type Comparison, type Outcome } from './comparison.ts'

/** Comparisons that belong together, and what they share: a server, a filled stream. */
export interface Group {
  readonly name: string
  /** What must be known to judge the figures. */
  readonly remarks: readonly string[]
  /** Of its comparisons, in their order. */
  readonly comparisonNames: readonly string[]
  /** Whether a comparison's full name has the word. */
  has(word: string): boolean
  /** Runs the comparisons whose full name has the word; opens nothing where none has. */
  run(word: string, rounds: number, onOutcome: (outcome: Outcome) => void): Promise<void>
}

export interface GroupSpec<Place extends AsyncDisposable> {
  readonly name: string
  readonly remarks?: readonly string[]
  open(): Promise<Place>
  readonly comparisons: readonly Comparison<Place>[]
}

export function group<Place extends AsyncDisposable>(spec: GroupSpec<Place>): Group {
  const { name, remarks = [] } = spec
  const chosenBy = (word: string): readonly Comparison<Place>[] =>
    spec.comparisons.filter((comparison) =>
      `${name}: ${comparison.name}`.toLowerCase().includes(word.toLowerCase()),
    )
  return {
    name,
    remarks,
    comparisonNames: spec.comparisons.map((comparison) => comparison.name),
    has: (word) => chosenBy(word).length > 0,
    async run(word, rounds, onOutcome) {
      const chosen = chosenBy(word)
      if (chosen.length === 0) return
      await using place = await spec.open()
      for (const comparison of chosen) {
        if (comparison.isReady?.(place) === false) continue
        onOutcome(await compare(comparison, place, rounds))
      }
    },
  }
}

/** For comparisons that bring all they need. */
export async function nothingShared(): Promise<AsyncDisposable> {
  return { [Symbol.asyncDispose]: async () => undefined }
}
