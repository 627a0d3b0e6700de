import type { Node, StoredEvent } from 'aether'
import { describe, expect, test } from 'vitest'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { simplePlaceKinds, type StorePlace } from '../support/store-place.ts'
import { until } from '../support/until.ts'
import { WorkingProcess } from '../support/working-process.ts'
import { type Deliveries, openAt, type Parcel } from './parcel.ts'

const script = new URL('parcel-child.ts', import.meta.url)
const count = 400

const deliveries = 8

function deliverer(): WorkingProcess<Deliveries> {
  return new WorkingProcess(script)
}

type ParcelNode = Node<typeof Parcel>

/** Half messages, half reminders that are due in a moment. */
async function tellAll(node: ParcelNode, parcels = count, first = 0): Promise<string[]> {
  const telling = Array.from({ length: parcels }, async (_, n) => {
    const parcel = `parcel-p${first + n}` as const
    if (n % 2) return `tell:${await node.tell(parcel, 'send', undefined)}`
    const options = { name: 'r', afterMs: 300 }
    return `reminder:${await node.schedule(parcel, 'send', undefined, options)}:1`
  })
  return Promise.all(telling)
}

function sent(node: ParcelNode): Promise<StoredEvent[]> {
  return Array.fromAsync(node.events.readAll())
}

function pidsOf(events: readonly StoredEvent[]): Set<number> {
  return new Set(events.map(({ data }) => (data as { pid: number }).pid))
}

async function allIsDone(node: ParcelNode, told: readonly string[]): Promise<StoredEvent[]> {
  await until(async () => (await node.reminders()).length === 0, {
    description: 'nothing waits any more',
    timeoutMs: 180_000,
  })
  const events = await sent(node)
  const ids = events.map(({ metadata }) => metadata['commandId'])
  expect(ids.toSorted()).toEqual(told.toSorted())
  return events
}

describe.each(simplePlaceKinds)('$title', ({ start }) => {
  test('two processes deliver each message once, and share the work', async () => {
    await using started = await start()
    const { place } = started
    await using first = deliverer()
    await using second = deliverer()
    await using asking = await openAt(place, 0)
    await Promise.all([first.open({ place, deliveries }), second.open({ place, deliveries })])
    const events = await allIsDone(asking, await tellAll(asking))
    expect(pidsOf(events).size).toBe(2)
  })

  test('kill -9 of the process that delivers: another one goes on, and nothing happens twice', async () => {
    await using started = await start()
    const { place } = started
    await using first = deliverer()
    await using second = deliverer()
    await using asking = await openAt(place, 0)
    await first.open({ place, deliveries })
    const told: string[] = []
    let isKilled = false
    // A few again and again, so that it is killed in the middle of it, however fast it is.
    const telling = (async () => {
      while (!isKilled) told.push(...(await tellAll(asking, 4, told.length)))
    })()
    await until(async () => (await sent(asking)).length > count / 8, {
      description: 'some were delivered',
    })
    await first.kill()
    isKilled = true
    await telling
    expect((await sent(asking)).length).toBeLessThan(told.length)
    await second.open({ place, deliveries })
    const events = await allIsDone(asking, told)
    expect(pidsOf(events).size).toBe(2)
  })
})

describe('kill -9 of the nats-server', () => {
  async function withServer(run: (server: NatsServer, place: StorePlace) => Promise<void>) {
    await using server = await startNatsServer()
    await run(server, { servers: server.url, namespace: 'parcels' })
  }

  test('what is due meanwhile fires once afterwards, and nothing is lost', () =>
    withServer(async (server, place) => {
      await using asking = await openAt(place, 0)
      await using delivering = await openAt(place, deliveries)
      expect(await delivering.reminders()).toEqual([])
      const told = await tellAll(asking)
      await server.kill()
      await server.restart()
      await allIsDone(asking, told)
    }))

  test('a reminder that is scheduled afterwards fires as well', () =>
    withServer(async (server, place) => {
      await using node = await openAt(place, deliveries)
      await node.tell('parcel-p', 'send', undefined)
      await until(async () => (await sent(node)).length === 1, { description: 'it was sent' })
      await server.kill()
      await server.restart()
      await node.schedule('parcel-p', 'send', undefined, { name: 'r', afterMs: 10 })
      await until(async () => (await sent(node)).length === 2, {
        description: 'it fired',
      })
    }))
})
