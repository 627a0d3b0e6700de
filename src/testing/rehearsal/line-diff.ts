/**
 * Both texts as one, line by line: `- ` before what is only in the first, `+ ` before what is only in
 * the second.
 */
export function lineDiff(expected: readonly string[], actual: readonly string[]): string[] {
  const common = commonLengths(expected, actual)
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < expected.length || j < actual.length) {
    if (i < expected.length && expected[i] === actual[j]) {
      lines.push(`  ${expected[i]}`)
      i++
      j++
    } else if (
      j >= actual.length ||
      (i < expected.length && at(common, i + 1, j) >= at(common, i, j + 1))
    )
      lines.push(`- ${expected[i++]}`)
    else lines.push(`+ ${actual[j++]}`)
  }
  return lines
}

/** How many lines the rests of both from `[i][j]` on have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly number[][] {
  const table = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      (table[i] as number[])[j] =
        a[i] === b[j]
          ? at(table, i + 1, j + 1) + 1
          : Math.max(at(table, i + 1, j), at(table, i, j + 1))
  return table
}

function at(table: readonly number[][], i: number, j: number): number {
  return table[i]?.[j] ?? 0
}
