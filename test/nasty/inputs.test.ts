import { actorId, open } from 'aether'
import { serve } from 'aether/http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Thing } from '../http/thing.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { send } from '../support/http-client.ts'
import { nastyJson, nastyKeys } from '../support/nasty-inputs.ts'

describe.each(backendKinds)('$name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('every key is refused, or an actor of its own', async () => {
    await using node = await open({ backend: source.fresh(), actors: [Thing] })
    for (const { key, isKey } of nastyKeys) {
      if (isKey) await node.get(Thing, key).keep({ key })
      else
        expect(() => node.get(Thing, key)).toThrow(
          expect.objectContaining({ code: 'invalid-actor-id' }),
        )
    }
    const kept = nastyKeys.filter((each) => each.isKey).map((each) => each.key)
    const log = await Array.fromAsync(node.events.readAll())
    expect(log.map((event) => event.actorId)).toEqual(kept.map((key) => actorId('thing', key)))
    for (const key of kept) {
      expect(await node.state(node.get(Thing, key))).toMatchObject({
        version: 1,
        state: { last: { key } },
      })
    }
  })

  test('every key is refused, or an actor of its own, over HTTP', async () => {
    await using node = await open({ backend: source.fresh(), actors: [Thing] })
    await using server = await serve(node, { port: 0 })
    for (const { key, isKey } of nastyKeys) {
      const reply = await send(server.url, 'POST', `${pathOf(key)}/keep`, { body: '1' })
      expect(reply).toMatchObject(
        isKey ? { status: 200, json: { version: 1, actorId: `thing-${key}` } } : { status: 400 },
      )
      if (!isKey) continue
      const [state, events] = [
        await send(server.url, 'GET', pathOf(key)),
        await send(server.url, 'GET', `${pathOf(key)}/events`),
      ]
      expect(state.json).toMatchObject({ actorId: `thing-${key}`, version: 1 })
      expect(events.json).toMatchObject([{ actorId: `thing-${key}`, version: 1 }])
    }
    expect(await Array.fromAsync(node.events.readAll())).toHaveLength(
      nastyKeys.filter((each) => each.isKey).length,
    )
  })

  test('every text offered as data over HTTP is refused, or comes back as it was', async () => {
    await using node = await open({ backend: source.fresh(), actors: [Thing] })
    await using server = await serve(node, { port: 0 })
    let version = 0
    for (const text of nastyJson) {
      const reply = await send(server.url, 'POST', '/actors/thing/a/keep', { body: text })
      expect([200, 400, 413]).toContain(reply.status)
      if (reply.status === 200) {
        expect(reply.json).toMatchObject({ version: ++version })
        const state = await send(server.url, 'GET', '/actors/thing/a')
        expect(state.json).toMatchObject({ version, state: { last: JSON.parse(text) as unknown } })
      }
      expect(await node.events.latestVersion('thing-a')).toBe(version)
      expect({}).not.toHaveProperty('isAdmin')
    }
    // The prototype, NaN, the two numbers that have no exact value, and the deep nesting.
    expect(version).toBe(nastyJson.length - 5)
  })
})

/** The path of an actor; a lone surrogate as the bytes that its UTF-8 would have. */
function pathOf(key: string): string {
  const encoded = key.isWellFormed() ? encodeURIComponent(key) : '%ED%A0%80'
  return `/actors/thing/${encoded}`
}
