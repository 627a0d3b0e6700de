import { describe, expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { Agenda, AgendaEntry } from '../../src/store/index.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

let server: ServerOfTests['server']
let manager: ServerOfTests['manager']
let namespaces = 0

useServer({ maxPayload: 100_000 }, (started) => ({ server, manager } = started))

interface Scene {
  readonly namespace: string
  readonly stream: string
  readonly agenda: Agenda
}

async function scene(namespace = `agenda-${namespaces++}`): Promise<Scene> {
  const store = await nats({ servers: server.url, namespace }).openStore()
  onTestFinished(() => store.close())
  return { namespace, stream: `AETHER-MESSAGES_${namespace}`, agenda: store.agenda as Agenda }
}

const always = (): boolean => true
const handing = { types: ['order'], concurrency: 4, leaseMs: 60_000 }

function reminder(given: Partial<AgendaEntry> = {}): AgendaEntry {
  const due = Date.now() + 3_600_000
  return { actorId: 'order-1', kind: 'reminder', name: 'r', due, text: '', ...given }
}

function message(name: string): AgendaEntry {
  return { ...reminder(), kind: 'message', name, due: Date.now() }
}

async function subjectsIn(stream: string): Promise<string[]> {
  const { state } = await manager.streams.info(stream, { subjects_filter: '>' })
  return Object.keys(state.subjects ?? {}).toSorted()
}

describe('the stream of the messages', () => {
  test('is made by the first one, whoever is waiting for it', async () => {
    const { namespace, stream, agenda } = await scene()
    const other = await scene(namespace)
    const taken: string[] = []
    await using _ = other.agenda.handOut(handing, async ({ name }) => void taken.push(name))
    expect(await agenda.remove(reminder())).toBe(false)
    expect(await Array.fromAsync(agenda.list(undefined, Infinity))).toEqual([])
    await expect(manager.streams.info(stream)).rejects.toThrow('stream not found')
    await agenda.put(message('m'), always)
    await until(() => taken.length === 1, { description: 'the other took it' })
    const { config } = await manager.streams.info(stream)
    expect(config).toMatchObject({ retention: 'workqueue', storage: 'file', num_replicas: 1 })
  })

  test('holds a reminder and its alarm, and nothing of what is replaced, removed or done', async () => {
    const { namespace, stream, agenda } = await scene()
    const prefix = `aether.${namespace}.message`
    for (const text of ['a', 'b', 'c']) await agenda.put(reminder({ text }), always)
    expect(await subjectsIn(stream)).toEqual([
      expect.stringMatching(`^${prefix}\\.alarm\\.order\\..`),
      `${prefix}.reminder.order.1.r`,
    ])
    expect(await agenda.remove(reminder())).toBe(true)
    expect(await subjectsIn(stream)).toEqual([])
    for (const name of ['m1', 'm2']) await agenda.put(message(name), always)
    await agenda.put(reminder({ due: Date.now() }), always)
    await using _ = agenda.handOut(handing, async () => undefined)
    await until(async () => (await subjectsIn(stream)).length === 0, {
      description: 'all is done with',
    })
  })

  test('of another make is refused', async () => {
    const { stream, namespace, agenda } = await scene()
    const subjects = [`aether.${namespace}.message.>`]
    await manager.streams.add({ name: stream, subjects })
    await expect(agenda.put(message('m'), always)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('retention is "limits", must be "workqueue"'),
    })
  })

  test('that was deleted is made anew', async () => {
    const { stream, agenda } = await scene()
    await agenda.put(message('m'), always)
    await manager.streams.delete(stream)
    await expect(agenda.put(message('m'), always)).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    expect(await agenda.put(message('m'), always)).toBe(true)
    await agenda.put(reminder(), always)
    const taken: string[] = []
    await using _ = agenda.handOut(handing, async ({ name }) => void taken.push(name))
    await until(() => taken.length === 1, { description: 'it was taken' })
  })
})

test('reminders that are put together share batches, and none spoils the others', async () => {
  const { agenda } = await scene()
  await agenda.put(reminder({ name: 'taken', text: 'old' }), always)
  let asked = 0
  // Agrees to nothing being there, and by then something is.
  const entries = Array.from({ length: 250 }, (_, n) =>
    reminder({ name: `r${n % 200}`, text: `${n}` }),
  )
  const racing = (current: unknown): boolean => asked++ < 2 || current !== undefined
  const results = await Promise.allSettled([
    ...entries.map((entry) => agenda.put(entry, always)),
    agenda.put(reminder({ name: 'taken', text: 'new' }), racing),
    agenda.put(reminder({ name: 'big', text: 'x'.repeat(200_000) }), always),
  ])
  expect(results.slice(0, -1)).toEqual(Array(251).fill({ status: 'fulfilled', value: true }))
  expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'too-large' } })
  const kept = await Array.fromAsync(agenda.list('order-1', Infinity))
  expect(kept).toHaveLength(201)
  expect(kept.find(({ name }) => name === 'taken')?.text).toBe('new')
})

test('what is put off while it is listed is listed', async () => {
  const { agenda } = await scene()
  const names = Array.from({ length: 200 }, (_, n) => `r${n}`)
  await Promise.all(names.map((name) => agenda.put(reminder({ name }), always)))
  const seen = new Set<string>()
  for await (const { name } of agenda.list(undefined, Infinity)) {
    // What comes next is no longer where it was when the look began.
    if (seen.size === 0)
      for (const later of names.filter((other) => other !== name).slice(-20))
        await agenda.put(reminder({ name: later, text: 'again' }), always)
    seen.add(name)
  }
  expect([...seen].toSorted()).toEqual(names.toSorted())
})

test('messages that fail for long do not keep others from being delivered', async () => {
  const { agenda } = await scene()
  const taken = new Set<string>()
  await using _ = agenda.handOut(handing, async ({ name }) => {
    taken.add(name)
    return name === 'last' ? undefined : { due: Date.now() + 3_600_000, text: '' }
  })
  const names = Array.from({ length: 1_200 }, (_, n) => `m${n}`)
  await Promise.all(names.map((name) => agenda.put(message(name), always)))
  await until(() => taken.size === names.length, { description: 'all failed' })
  await agenda.put(message('last'), always)
  await until(() => taken.has('last'), { description: 'the last was taken' })
  // It is done with a moment later.
  await until(
    async () => (await Array.fromAsync(agenda.list(undefined, Infinity))).length === names.length,
    {
      description: 'the others are there still, and it alone is gone',
    },
  )
})
