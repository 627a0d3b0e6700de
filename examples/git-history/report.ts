import type { Author } from './authors.ts'
import type { FilePair } from './commits.ts'
import type { ImportProgress } from './import.ts'
import { printable } from './path.ts'
import type { Survey } from './survey.ts'
import type { Verification } from './verify.ts'

const mostChangedShown = 10
const differencesShown = 20

const numbers = new Intl.NumberFormat('en')

/** What an import did and what the store holds now. */
export function describeImport(
  { commits, commands, newEvents }: ImportProgress,
  { events, eventsByFile, existing }: Survey,
  seconds: number,
): string {
  const figures = table([
    ['commits', numbers.format(commits), ''],
    ['files', numbers.format(eventsByFile.size), `${numbers.format(existing)} exist now`],
    ['events', numbers.format(events), `${numbers.format(newEvents)} new in this run`],
    ['seconds', seconds.toFixed(1), `${perSecond(commands, seconds)} commands per second`],
    ['', '', `${perSecond(newEvents, seconds)} events per second`],
  ])
  return `${figures}\n\nmost changed\n${describeMostChanged(eventsByFile)}`
}

/** Who changed how many lines of how many files. */
export function describeAuthors(authors: readonly Author[]): string {
  const rows = authors.map(({ name, added, deleted, changes }) => [
    `+${numbers.format(added)}`,
    `-${numbers.format(deleted)}`,
    `${numbers.format(changes)} changes`,
    printable(name),
  ])
  return `authors, by lines\n${columns(rows)}`
}

/** Which files change together. */
export function describePairs(pairs: readonly FilePair[]): string {
  const rows = pairs.map(({ files, commits }) => [
    numbers.format(commits),
    files.map(printable).join('  '),
  ])
  return `changed together most often\n${columns(rows)}`
}

/** What was compared, and what differs. */
export function describeVerification(
  { checks, differences, uncountable }: Verification,
  commit: string,
): string {
  const compared = table(
    checks.map(({ what, against, compared }) => [what, numbers.format(compared), against]),
  )
  const left =
    uncountable === 0
      ? ''
      : `\n  not compared: lines of files that were binary once, ${numbers.format(uncountable)}`
  return `compared with git at ${commit}\n${compared}${left}\n${describeDifferences(differences)}`
}

function describeMostChanged(eventsByFile: ReadonlyMap<string, number>): string {
  const mostChanged = [...eventsByFile]
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, mostChangedShown)
  return columns(mostChanged.map(([key, count]) => [numbers.format(count), printable(key)]))
}

function describeDifferences(differences: readonly string[]): string {
  if (differences.length === 0) return 'equal'
  const shown = differences.slice(0, differencesShown).map((difference) => `  ${difference}`)
  const left = differences.length - shown.length
  if (left > 0) shown.push(`  … and ${numbers.format(left)} more`)
  return [`different: ${numbers.format(differences.length)}`, ...shown].join('\n')
}

function perSecond(count: number, seconds: number): string {
  return numbers.format(Math.round(count / Math.max(seconds, 0.001)))
}

/** Names to the left, numbers to the right, notes behind them. */
function table(rows: readonly (readonly [string, string, string])[]): string {
  const names = Math.max(...rows.map(([name]) => name.length))
  const widest = Math.max(...rows.map(([, number]) => number.length))
  return rows
    .map(([name, number, note]) =>
      `  ${name.padEnd(names)}  ${number.padStart(widest)}  ${note}`.trimEnd(),
    )
    .join('\n')
}

/** All to the right but the last, which may be of any length. */
function columns(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '  none'
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  return rows
    .map((row) => row.map((text, i) => (i < row.length - 1 ? text.padStart(width(i)) : text)))
    .map((row) => `  ${row.join('  ')}`)
    .join('\n')
}
