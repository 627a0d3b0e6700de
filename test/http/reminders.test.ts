import { actor, open } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { type RawReply, send } from '../support/http-client.ts'

const Alarm = actor('alarm', {
  state: {},
  events: {},
  evolve: {},
  commands: { ring: { decide: () => undefined } },
})

async function start() {
  const node = await open({ backend: memory(), actors: [Alarm], limits: { deliveries: 0 } })
  const server = await serve(node, { port: 0 })
  const ask = (method: string, target: string): Promise<RawReply> =>
    send(server.url, method, target)
  return {
    ask,
    async remind(key: string, name: string, afterMs: number): Promise<void> {
      await node.schedule(node.get(Alarm, key), 'ring', undefined, {
        name,
        afterMs,
        everyMs: 7_000,
      })
    },
    tell: (key: string): Promise<string> => node.tell(node.get(Alarm, key), 'ring', undefined),
    async names(target: string): Promise<readonly string[]> {
      const { status, json } = await ask('GET', target)
      expect(status).toBe(200)
      return (json as { actorId: string; name: string }[]).map(
        (each) => `${each.actorId} ${each.name}`,
      )
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

test('what waits is listed, of all actors and of one, the next first', async () => {
  await using gateway = await start()
  expect(await gateway.names('/reminders')).toEqual([])
  await gateway.remind('a', 'late', 3_000_000)
  await gateway.remind('..', 'soon', 1_000_000)
  await gateway.remind('a', 'next', 2_000_000)
  const all = ['alarm-.. soon', 'alarm-a next', 'alarm-a late']
  expect(await gateway.names('/reminders')).toEqual(all)
  expect(await gateway.names('/reminders?limit=2')).toEqual(all.slice(0, 2))
  expect(await gateway.names('/reminders/alarm/a')).toEqual(['alarm-a next', 'alarm-a late'])
  expect(await gateway.names('/reminders/alarm/a?limit=1')).toEqual(['alarm-a next'])
  const { json } = await gateway.ask('GET', '/reminders/alarm/?key=..')
  expect(json).toEqual([
    {
      id: expect.any(String),
      actorId: 'alarm-..',
      kind: 'reminder',
      name: 'soon',
      command: 'ring',
      due: expect.stringMatching(/^\d{4}-.*Z$/),
      everyMs: 7_000,
      attempts: 0,
    },
  ])
})

test('a reminder is taken away once', async () => {
  await using gateway = await start()
  await gateway.remind('a', 'wake up', 1_000_000)
  await gateway.remind('..', 'wake up', 1_000_000)
  for (const unscheduled of [true, false]) {
    const { status, json } = await gateway.ask('DELETE', '/reminders/alarm/a/wake%20up')
    expect([status, json]).toEqual([
      200,
      { actorId: 'alarm-a', kind: 'reminder', name: 'wake up', unscheduled },
    ])
  }
  expect(await gateway.names('/reminders')).toEqual(['alarm-.. wake up'])
  const { json } = await gateway.ask('DELETE', '/reminders/alarm//wake%20up?key=..')
  expect(json).toMatchObject({ unscheduled: true })
  expect(await gateway.names('/reminders')).toEqual([])
})

test('a message is taken away by its kind and name', async () => {
  await using gateway = await start()
  const name = await gateway.tell('a')
  for (const [kind, unscheduled] of [
    ['reminder', false],
    ['message', true],
    ['message', false],
  ] as const) {
    const { json } = await gateway.ask('DELETE', `/reminders/alarm/a/${name}?kind=${kind}`)
    expect(json).toEqual({ actorId: 'alarm-a', kind, name, unscheduled })
  }
})

test.each([
  ['GET', '/reminders/nobody/a', 404, 'unknown-actor-type'],
  ['GET', '/reminders/alarm', 404, 'unknown-route'],
  ['GET', '/reminders?limt=1', 400, 'invalid-argument'],
  ['GET', '/reminders?limit=0', 400, 'invalid-argument'],
  ['DELETE', '/reminders/alarm/a/', 400, 'invalid-argument'],
  ['DELETE', '/reminders/alarm/a/b?kind=note', 400, 'invalid-argument'],
  ['DELETE', '/reminders/alarm/a/b?kin=message', 400, 'invalid-argument'],
  ['DELETE', '/reminders/alarm/a', 405, 'method-not-allowed'],
  ['GET', '/reminders/alarm/a/b', 405, 'method-not-allowed'],
  ['DELETE', '/reminders/alarm/a/b/c', 404, 'unknown-route'],
] as const)('%s %s is %i %s', async (method, target, status, code) => {
  await using gateway = await start()
  const reply = await gateway.ask(method, target)
  expect([reply.status, reply.json]).toMatchObject([status, { status, code }])
})
