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
  const width = Math.max(0, ...mostChanged.map(([, count]) => numbers.format(count).length))
  return mostChanged
    .map(([key, count]) => `  ${numbers.format(count).padStart(width)}  ${printable(key)}`)
    .join('\n')
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
