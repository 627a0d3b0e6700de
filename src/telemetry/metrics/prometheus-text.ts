import type { Metric, MetricPoint } from './metric.ts'

/** The formats that Prometheus and those like it read. */
export type MetricsFormat = 'prometheus' | 'openmetrics'

/** What a format is called in HTTP. */
export const metricsContentType: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** The units that stand in names: of what is counted, the name says it. */
const unitNames: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' }

/** What Aether's names already say, its labels needn't. */
const ownPrefix = /^aether\./

/**
 * Metrics as text, for whoever scrapes them: `aether.append.duration` in `s` is the histogram
 * `aether_append_duration_seconds`, a counter ends in `_total`, and the label `aether.actor.type` is
 * `actor_type`. Metrics that have no points are left out.
 */
export function prometheusText(
  metrics: readonly Metric[],
  format: MetricsFormat = 'prometheus',
): string {
  const lines = metrics
    .filter(({ points }) => points.length > 0)
    .flatMap((metric) => linesOf(metric, format))
  return [...lines, ...(format === 'openmetrics' ? ['# EOF'] : []), ''].join('\n')
}

function linesOf(metric: Metric, format: MetricsFormat): string[] {
  const { kind, unit, description, points } = metric
  const unitName = unitNames[unit]
  const base = [plain(metric.name), ...(unitName ? [unitName] : [])].join('_')
  const sample = kind === 'counter' ? `${base}_total` : base
  // The older format knows no family: there, the name of the samples is all that there is.
  const family = format === 'openmetrics' ? base : sample
  return [
    `# HELP ${family} ${format === 'openmetrics' ? quoted(description) : escaped(description)}`,
    `# TYPE ${family} ${kind}`,
    ...(format === 'openmetrics' && unitName ? [`# UNIT ${family} ${unitName}`] : []),
    ...points.flatMap((point) => samplesOf(sample, point, format)),
  ]
}

function samplesOf(
  name: string,
  { labels, value, buckets }: MetricPoint,
  format: MetricsFormat,
): string[] {
  const pairs = Object.entries(labels).map(([label, text]) =>
    pair(plain(label.replace(ownPrefix, '')), text),
  )
  if (!buckets) return [`${name}${braced(pairs)} ${numeral(value)}`]
  const count = buckets.at(-1)?.count ?? 0
  return [
    ...buckets.map(({ upTo, count }) => {
      const bound = format === 'openmetrics' ? float(upTo) : numeral(upTo)
      return `${name}_bucket${braced([...pairs, pair('le', bound)])} ${numeral(count)}`
    }),
    `${name}_sum${braced(pairs)} ${numeral(value)}`,
    `${name}_count${braced(pairs)} ${numeral(count)}`,
  ]
}

function braced(pairs: readonly string[]): string {
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function pair(label: string, text: string): string {
  return `${label}="${quoted(text)}"`
}

/** Letters, digits and underscores are all that a name may have there. */
function plain(name: string): string {
  return name.replaceAll(/\W/g, '_')
}

function escaped(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)
}

function quoted(text: string): string {
  return escaped(text).replaceAll('"', String.raw`\"`)
}

function numeral(value: number): string {
  if (Math.abs(value) === Infinity) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}

/** As OpenMetrics wants bounds: `1.0`. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : numeral(value)
}
