import { open, silentLogger, view } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account, Balances } from '../projections/bank.ts'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { countsOf, valuesOf } from './values.ts'

/** A view that has trouble with some, as long as `isBroken` says so. */
function fragile(isBroken: (key: string) => boolean, { maxParked = 1_000 } = {}) {
  return view({
    name: 'fragile',
    actors: [Account],
    state: { deposits: 0 },
    retries: 0,
    maxParked,
    on: {
      Deposited: ({ deposits }, { key }) => {
        if (isBroken(key)) throw new Error(`${key} is too much`)
        return { deposits: deposits + 1 }
      },
    },
  })
}

test('a view that works is shown as live, with how far it is', async () => {
  await using node = await open({ backend: memory(), actors: [Account], projections: [Balances] })
  await node.get(Account, 'alice').open({ owner: 'Alice' })
  const { position } = await node.get(Account, 'alice').deposit({ amount: 5 })
  await node.projection(Balances).reached(position)
  const isLive = async (): Promise<boolean> =>
    valuesOf(await node.metrics(), 'aether.projection.state')['view balances live'] === 1
  await until(isLive, { description: 'the view is live' })
  const metrics = await node.metrics()
  expect(valuesOf(metrics, 'aether.projection.state')).toEqual({
    'view balances catching-up': 0,
    'view balances live': 1,
    'view balances paused': 0,
    'view balances failed': 0,
    'view balances stuck': 0,
    'view balances rebuilding': 0,
    'view balances stopped': 0,
    'view balances silent': 0,
  })
  expect(valuesOf(metrics, 'aether.projection.position')).toEqual({ 'view balances': position })
  expect(valuesOf(metrics, 'aether.projection.lag')).toEqual({ 'view balances': 0 })
  expect(valuesOf(metrics, 'aether.projection.lag.events')).toEqual({ 'view balances': 0 })
  expect(valuesOf(metrics, 'aether.projection.parked')).toEqual({ 'view balances': 0 })
  expect(countsOf(metrics, 'aether.projection.events')).toEqual({ 'view balances': 2 })
})

test('actors that are parked are counted, and the node is ready all the same', async () => {
  const Fragile = fragile((key) => key === 'alice')
  await using node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Fragile],
    logger: silentLogger,
  })
  await node.get(Account, 'alice').deposit({ amount: 5 })
  const { position } = await node.get(Account, 'bob').deposit({ amount: 5 })
  await node.projection(Fragile).reached(position)
  const parked = async (): Promise<boolean> =>
    valuesOf(await node.metrics(), 'aether.projection.parked')['view fragile'] === 1
  await until(parked, { description: 'alice is parked' })
  const metrics = await node.metrics()
  expect(countsOf(metrics, 'aether.projection.failures')).toEqual({ 'view fragile': 1 })
  expect(countsOf(metrics, 'aether.projection.events')).toEqual({ 'view fragile': 1 })
  expect(countsOf(metrics, 'aether.projection.outages')).toEqual({})
  expect(await node.readiness()).toEqual({ ready: true, reasons: [] })
})

test('a view that can’t go on is never shown as alive', async () => {
  let isBroken = true
  const Fragile = fragile(() => isBroken, { maxParked: 1 })
  await using node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Fragile],
    logger: silentLogger,
  })
  await using server = await serve(node, { port: 0 })
  for (let key = 0; key < 20; key++) await node.get(Account, String(key)).deposit({ amount: 5 })
  const problem = expect.stringContaining('holds back as many as maxParked allows, 1')
  const isFailed = async (): Promise<unknown> => {
    const reply = await send(server.url, 'GET', '/readyz')
    expect(reply.status).toBe(503)
    expect(reply.json).toEqual({ ready: false, reasons: [{ what: 'view fragile', problem }] })
    return true
  }
  await until(isFailed, { description: 'the node is not ready' })
  const metrics = await node.metrics()
  expect(countsOf(metrics, 'aether.projection.state')).toEqual({ 'view fragile failed': 1 })
  expect(countsOf(metrics, 'aether.projection.outages')).toEqual({ 'view fragile': 1 })
  expect((await send(server.url, 'GET', '/healthz')).status).toBe(200)
  isBroken = false
  await node.projection(Fragile).retryAll()
  const isReady = async (): Promise<boolean> =>
    (await send(server.url, 'GET', '/readyz')).status === 200
  await until(isReady, { description: 'the node is ready again', timeoutMs: 60_000 })
})
