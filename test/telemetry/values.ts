import type { Metric } from 'aether'

/** What a metric says, by the values of its labels: of a histogram, how many values it has. */
export function valuesOf(metrics: readonly Metric[], name: string): Record<string, number> {
  const metric = metrics.find((each) => each.name === name)
  if (!metric) throw new Error(`there is no metric ${name}`)
  return Object.fromEntries(
    metric.points.map(({ labels, value, buckets }) => [
      Object.values(labels).join(' '),
      buckets?.at(-1)?.count ?? value,
    ]),
  )
}

/** {@link valuesOf}, without what never happened. */
export function countsOf(metrics: readonly Metric[], name: string): Record<string, number> {
  const counts = Object.entries(valuesOf(metrics, name)).filter(([, count]) => count > 0)
  return Object.fromEntries(counts)
}
