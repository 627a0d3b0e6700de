import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Node, open, projection } from 'aether'
import { memory } from 'aether/memory'
import { sqliteTables } from 'aether/sqlite'
import { VirtualClock } from 'aether/testing'
import { expect, test } from 'vitest'
import { Account, Balances } from '../projections/bank.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { countsOf, valuesOf } from './values.ts'

const actors = [Account] as const

async function stateIn(node: Node): Promise<string[]> {
  return Object.keys(countsOf(await node.metrics(), 'aether.projection.state'))
}

test('a view that others run is shown as they do it, and as stopped once they are gone', async () => {
  const backend = memory()
  const worker = await open({ backend, actors, projections: [Balances] })
  await using web = await open({ backend, actors, watched: [Balances] })
  const { position } = await web.get(Account, 'alice').deposit({ amount: 5 })
  await web.projection(Balances).reached(position)
  const isLive = async (): Promise<boolean> => (await stateIn(web)).join() === 'view balances live'
  await until(isLive, { description: 'the view is shown as live' })
  await worker.close()
  await web.get(Account, 'alice').deposit({ amount: 5 })
  const metrics = await web.metrics()
  expect(countsOf(metrics, 'aether.projection.state')).toEqual({ 'view balances stopped': 1 })
  expect(valuesOf(metrics, 'aether.projection.position')).toEqual({ 'view balances': position })
  expect(valuesOf(metrics, 'aether.projection.lag.events')).toEqual({ 'view balances': 1 })
  const isBehind = async (): Promise<boolean> =>
    (valuesOf(await web.metrics(), 'aether.projection.lag')['view balances'] ?? 0) > 0
  await until(isBehind, { description: 'the age of what nobody handles is shown' })
  expect(await web.readiness()).toEqual({ ready: true, reasons: [] })
})

test('a view whose only node is frozen is shown as silent, a lease after it was looked at first', async () => {
  const backend = memory()
  // It stands still from some moment on: no sign of life is made again.
  const itsClock = new VirtualClock()
  await using worker = await open({ backend, actors, projections: [Balances], clock: itsClock })
  const clock = new VirtualClock()
  await using web = await open({ backend, actors, watched: [Balances], clock })
  const { position } = await worker.get(Account, 'alice').deposit({ amount: 5 })
  await worker.projection(Balances).reached(position)
  await itsClock.advance(2_000)
  const isLive = async (): Promise<boolean> => (await stateIn(web)).join() === 'view balances live'
  await until(isLive, { description: 'the view is shown as live' })
  await clock.advance(15_000)
  expect(await stateIn(web)).toEqual(['view balances silent'])
})

test('what can’t be told of a view that others run keeps nothing else back', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tables.db')
  await writeFile(file, 'no database'.repeat(1_000))
  const Unreadable = projection({
    name: 'unreadable',
    actors,
    target: sqliteTables({ file, tables: { deposits: 'account TEXT' } }),
    on: { Deposited: () => undefined },
  })
  await using node = await open({
    backend: memory(),
    actors,
    projections: [Balances],
    watched: [Unreadable],
  })
  const { position } = await node.get(Account, 'alice').deposit({ amount: 5 })
  await node.projection(Balances).reached(position)
  const metrics = await node.metrics()
  expect(valuesOf(metrics, 'aether.projection.position')).toEqual({ 'view balances': position })
})
