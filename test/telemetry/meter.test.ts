import { metrics } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { type Metric, open } from 'aether'
import { memory } from 'aether/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

let reader: Reader
beforeEach(() => {
  reader = new Reader()
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
})
afterEach(() => metrics.disable())

/** What the SDK collects, in our words. */
async function collected(): Promise<readonly Metric[]> {
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) => {
    expect(scope.name).toBe('aether')
    return metrics.map(({ descriptor, dataPoints }) => ({
      ...{ name: descriptor.name, unit: descriptor.unit, description: descriptor.description },
      kind: kindOf(dataPoints[0]?.value),
      points: dataPoints.map(({ attributes: labels, value }) => ({ labels, ...shown(value) })),
    }))
  }) as unknown as readonly Metric[]
}

type Value = number | object | undefined

function kindOf(value: Value): string {
  return typeof value === 'object' ? 'histogram' : 'number'
}

function shown(value: Value): object {
  const histogram = value as { sum: number; buckets: { boundaries: number[]; counts: number[] } }
  if (typeof value !== 'object') return { value }
  let count = 0
  const { boundaries, counts } = histogram.buckets
  const buckets = counts.map((inBucket, index) => {
    count += inBucket
    return { upTo: boundaries[index] ?? Infinity, count }
  })
  return { value: histogram.sum, buckets }
}

test('the SDK collects what the node itself tells', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const alice = node.get(Account, 'alice')
  await alice.open({ owner: 'Alice' })
  await alice.deposit({ amount: 5 })
  await expect(alice.withdraw({ amount: 10 })).rejects.toThrow('rejected')
  const ours = (await node.metrics())
    .filter(({ points }) => points.length > 0)
    .map((metric) => ({ ...metric, kind: metric.kind === 'histogram' ? 'histogram' : 'number' }))
  const theirs = await collected()
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
  expect(theirs.toSorted(byName)).toEqual(ours.toSorted(byName))
  expect(theirs.map(({ name }) => name)).toContain('aether.command.duration')
})

test('a node that was closed tells the SDK nothing more', async () => {
  const node = await open({ backend: memory(), actors: [Account] })
  await node.close()
  expect(await collected()).toEqual([])
})

test('several nodes of one process are told apart', async () => {
  await using one = await open({ backend: memory(), actors: [Account] })
  await using other = await open({ backend: memory(), actors: [Account] })
  await one.get(Account, 'a').open({ owner: 'A' })
  await other.get(Account, 'a').deposit({ amount: 1 })
  await other.get(Account, 'a').deposit({ amount: 1 })
  const all = await collected()
  const events = all.find(({ name }) => name === 'aether.append.events')
  expect(events?.points).toEqual([
    { labels: { 'aether.actor.type': 'account' }, value: 1 },
    { labels: { 'aether.actor.type': 'account', 'aether.node': '2' }, value: 2 },
  ])
  const appends = all.find(({ name }) => name === 'aether.append.duration')
  expect(appends?.points.map(({ buckets }) => buckets?.at(-1)?.count)).toEqual([1, 2])
})
