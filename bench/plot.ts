import { isMissed, type Outcome } from './comparison.ts'
import type { MeasuredGroup } from './measured.ts'
import { ratioText, targetText } from './table.ts'

const width = 1_000
const labelWidth = 560
const rowHeight = 24
const groupHeight = 40
const axis = { from: 1 / 10, to: 1_000, left: labelWidth + 10, right: width - 90 }

/** Readable on light and on dark: a neutral for text, two colours that carry on both. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #7d8590 }
  .group { font-weight: 600; font-size: 14px }
  .label, .value { font-size: 11px }
  .met { fill: #2f9e6e }
  .missed { fill: #d9622b }
  .grid { stroke: #7d8590; stroke-opacity: 0.25 }
  .one { stroke: #7d8590; stroke-opacity: 0.8 }
  .target { stroke: #7d8590; stroke-width: 3 }
`

/**
 * How many times as fast as the reference, as bars on a logarithmic axis, each with a mark at its
 * target. Of a time the inverse is shown, so that to the right is better everywhere.
 */
export function plot(groups: readonly MeasuredGroup[]): string {
  const drawn: string[] = []
  let y = 50
  for (const { name, outcomes } of groups) {
    const rows = outcomes.filter(({ ratio }) => ratio !== undefined)
    if (rows.length === 0) continue
    drawn.push(`<text class="group" x="10" y="${y + 22}">${escape(name)}</text>`)
    y += groupHeight
    for (const row of rows) {
      drawn.push(rowAt(y, row))
      y += rowHeight
    }
  }
  const height = y + 20
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    '<title>How many times as fast as the reference</title>',
    `<style>${style}</style>`,
    `<text x="10" y="20">Times as fast as the reference, logarithmic; the thick mark is the target, orange is missed. Bars end where the axis does.</text>`,
    ...gridTo(height),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function rowAt(y: number, outcome: Outcome): string {
  const isTime = outcome.target !== undefined && 'atMost' in outcome.target
  const better = isTime ? 1 / (outcome.ratio ?? 1) : (outcome.ratio ?? 1)
  const [one, end] = [xOf(1), xOf(better)]
  const kind = isMissed(outcome) ? 'missed' : 'met'
  const [left, right] = [Math.min(one, end), Math.max(one, end)]
  return [
    `<text class="label" x="${labelWidth}" y="${y + 14}" text-anchor="end">${escape(shortened(outcome.name))}<title>${escape(outcome.name)}</title></text>`,
    `<rect class="${kind}" x="${left}" y="${y + 4}" width="${Math.max(2, right - left)}" height="13" rx="2"/>`,
    targetMark(y, outcome),
    `<text class="value" x="${Math.max(right, one) + 6}" y="${y + 14}">${ratioText(outcome.ratio ?? 1)} ×${isTime ? ' the time' : ''}<title>${targetText(outcome)}</title></text>`,
  ].join('')
}

function targetMark(y: number, { target }: Outcome): string {
  if (!target) return ''
  const x = xOf('atLeast' in target ? target.atLeast : 1 / target.atMost)
  return `<line class="target" x1="${x}" x2="${x}" y1="${y + 1}" y2="${y + 20}"/>`
}

function gridTo(height: number): string[] {
  return [0.1, 1, 10, 100, 1_000].map((value) => {
    const x = xOf(value)
    return `<line class="${value === 1 ? 'one' : 'grid'}" x1="${x}" x2="${x}" y1="46" y2="${height - 15}"/><text x="${x}" y="40" text-anchor="middle">${value} ×</text>`
  })
}

function xOf(ratio: number): number {
  const { from, to, left, right } = axis
  const within = Math.min(to, Math.max(from, ratio))
  const share = Math.log(within / from) / Math.log(to / from)
  return Math.round(left + share * (right - left))
}

const maxLabelLength = 96

function shortened(text: string): string {
  return text.length > maxLabelLength ? `${text.slice(0, maxLabelLength - 1)}…` : text
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')
}
