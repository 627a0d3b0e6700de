import { outputTo } from '../output.ts'

/** What stands in each column, by its title. */
export type Columns<T> = Readonly<Record<string, (row: T) => string>>

/** Writes results: a table for people on a terminal, JSON for programs, a value a line. */
export async function writeTable<T>(
  rows: readonly T[],
  columns: Columns<T>,
  isJson: boolean | undefined,
): Promise<void> {
  const output = outputTo(isJson)
  const [title = '', ...lines] = tableLines(rows, columns)
  for (const [index, row] of rows.entries())
    await output.write(row, () => `${index === 0 ? `${title}\n` : ''}${lines[index]}`)
}

/** The titles, and a line for each row; the cells of a column begin below each other. */
export function tableLines<T>(rows: readonly T[], columns: Columns<T>): readonly string[] {
  const titles = Object.keys(columns).map((title) => title.toUpperCase())
  const texts = rows.map((row) => Object.values(columns).map((cell) => oneLine(cell(row))))
  const table = [titles, ...texts]
  const widths = titles.map((_, column) => Math.max(...table.map((row) => widthOf(row[column]))))
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function widthOf(cell: string | undefined): number {
  return cell?.length ?? 0
}

/** What comes from a store may hold anything: nothing of it may move the cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
