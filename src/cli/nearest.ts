/** From how many characters on a second slip is taken for one. */
const longWord = 6

/** The word that was probably meant: the one that differs by a slip, or of a long one by two; undefined for none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const slips = word.length < longWord ? 1 : 2
  const distances = known.map((each) => [distance(word, each), each] as const)
  const [least] = distances.filter(([d]) => d <= slips).toSorted(([a], [b]) => a - b)
  // Who wrote less may go on: `--meta` for `--metadata`.
  const longer = known.filter((each) => word.length > 1 && each.startsWith(word))
  return least?.[1] ?? (longer.length === 1 ? longer[0] : undefined)
}

/** How many characters are added, left out, changed, or in the place of their neighbour. */
function distance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? at(before, j - 2) + 1 : Infinity
      next.push(Math.min(changed, swapped, at(row, j) + 1, at(next, j - 1) + 1))
    }
    ;[before, row] = [row, next]
  }
  return at(row, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
