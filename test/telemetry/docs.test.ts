import { type Metric, open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { routeName } from '../../src/http/exchange/route-name.ts'
import { Document } from '../support/document.ts'

const units: Readonly<Record<string, string>> = { s: '_seconds' }

function shownName({ name, unit, kind }: Metric): string {
  const suffix = (units[unit] ?? '') + (kind === 'counter' ? '_total' : '')
  return name.replaceAll('.', '_') + suffix
}

test('the page about observability has every metric that there is, and says what it is', async () => {
  const page = await Document.read('docs/observability.md')
  const rows = page.text.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|.*\| (.+) \|$/gm)
  const shown = Array.from(rows, ([, name, kind, description]) => ({ name, kind, description }))
  await using node = await open({ backend: memory(), actors: [Account] })
  const metrics = await node.metrics()
  expect(shown).toEqual(
    metrics.map((metric) => ({
      name: shownName(metric),
      kind: metric.kind,
      description: metric.description,
    })),
  )
})

test.for(['observability', 'operations'])(
  'the alerts of %s ask for metrics that there are',
  async (name) => {
    const page = await Document.read(`docs/${name}.md`)
    await using node = await open({ backend: memory(), actors: [Account] })
    const names = new Set((await node.metrics()).map(shownName))
    const asked = page.text.matchAll(/expr: '(.+)'/g)
    const used = Array.from(asked, ([, expression = '']) => expression.match(/aether_\w+/g) ?? [])
    expect(used.length).toBeGreaterThan(5)
    const named = page.text.matchAll(/`(aether_\w+)/g)
    const all = [...used.flat(), ...Array.from(named, ([, metric = '']) => metric)]
    const unknown = all.filter((it) => !names.has(it.replace(/_(bucket|sum|count)$/, '')))
    expect(unknown).toEqual([])
  },
)

test('every path of the gateway has a name in metrics and traces', async () => {
  const page = await Document.read('docs/http.md')
  const paths = page.text.matchAll(/^\| `(?:GET|POST|DELETE) (\/[^`\s]*)`/gm)
  const unnamed = Array.from(paths, ([, path = '']) => path).filter((path) => !routeName(path))
  expect(unnamed).toEqual([])
  expect(routeName('/actors/account/a%2Fb/open?x=/events')).toBe('/actors/{type}/{key}/{name}')
  expect(routeName('/actors/account/a/events')).toBe('/actors/{type}/{key}/events')
  expect(routeName('/nowhere')).toBe('')
})
