import { type Failures, isMissed, isUnclear, type Outcome } from './comparison.ts'
import type { Measured, MeasuredGroup } from './measured.ts'

/** All results as Markdown. */
export function tableOf({ machine, groups }: Measured, plotFile: string): string {
  const rows = groups.flatMap(({ outcomes }) => outcomes)
  const missed = rows.filter(isMissed).length
  const unclear = rows.filter(isUnclear).length
  const targets = rows.filter(({ target }) => target).length
  return `${[
    '# Benchmark',
    '',
    ...Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`),
    '',
    `By their medians, ${targets - missed} of ${targets} rows with a target meet it and ${missed} miss it; of ${unclear} of these rows`,
    'some rounds were on either side of the target. A ratio is ours ÷ reference, the median of the ratios',
    'of all rounds, in which both ran in turn. The machine did other work meanwhile: absolutes say little.',
    `${groups.flatMap(({ unmeasured }) => unmeasured).length} rows were not measured. \`npm run bench\` in \`bench/\` makes this anew.`,
    '',
    `![Ratios against their targets](${plotFile})`,
    ...groups.flatMap(sectionOf),
  ].join('\n')}\n`
}

function sectionOf({ name, remarks, outcomes, unmeasured }: MeasuredGroup): string[] {
  return [
    '',
    `## ${name}`,
    '',
    ...remarks.map((remark) => `${remark}  `),
    `Measured ${spanOf(outcomes.map(({ date }) => date))}, medians of ${spanOf(outcomes.map(({ rounds }) => String(rounds)))} rounds.`,
    '',
    '| | ours | reference | ratio | from – to | target | |',
    '|---|---|---|---|---|---|---|',
    ...outcomes.map(rowOf),
    ...unmeasured.map((each) => `| ${each} | | | | | | not measured |`),
  ]
}

/** One line of the table. */
export function rowOf(outcome: Outcome): string {
  const { name, unit, ours, reference, ratio, range } = outcome
  const cells = [
    name,
    `${amount(ours)} ${unit}`,
    reference === undefined ? '' : `${amount(reference)} ${unit}`,
    ratio === undefined ? '' : `${ratioText(ratio)} ×`,
    range === undefined ? '' : range.map(ratioText).join(' – '),
    targetText(outcome),
    notesOn(outcome).join('; '),
  ]
  return `| ${cells.join(' | ')} |`
}

export function targetText({ target, ratio, unit }: Outcome): string {
  if (!target) return ''
  const what = ratio === undefined ? unit : '×'
  return 'atLeast' in target
    ? `at least ${target.atLeast} ${what}`
    : `at most ${target.atMost} ${what}`
}

export function ratioText(ratio: number): string {
  if (ratio < 0.1) return ratio.toPrecision(1)
  return ratio < 10 ? ratio.toFixed(2) : amount(ratio)
}

function notesOn(outcome: Outcome): string[] {
  const { oursFailed, referenceFailed } = outcome
  return [
    ...(isMissed(outcome) ? ['**missed**'] : []),
    ...(isUnclear(outcome) ? ['some rounds on either side'] : []),
    ...(oursFailed ? [`ours failed ${failuresText(oursFailed)}`] : []),
    ...(referenceFailed ? [`reference failed ${failuresText(referenceFailed)}`] : []),
  ]
}

function failuresText({ count, tries, message }: Failures): string {
  const said = message.replaceAll(/[|\s]+/g, ' ').slice(0, 80)
  return `${count.toLocaleString('en')} of ${tries.toLocaleString('en')} tries (${said})`
}

function amount(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 3
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}

function spanOf(values: readonly string[]): string {
  const sorted = [...new Set(values)].toSorted()
  return sorted.length > 1 ? `${sorted[0]} to ${sorted.at(-1)}` : (sorted[0] ?? '')
}
