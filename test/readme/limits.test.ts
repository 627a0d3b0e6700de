import {
  type ActorId,
  actor,
  type ErrorCode,
  type NewEvent,
  type Node,
  open,
  type OpenOptions,
  policy,
  projection,
  silentLogger,
  view,
} from 'aether'
import { createFetchHandler } from 'aether/http'
import { memory } from 'aether/memory'
import { sqliteTables } from 'aether/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import { maxMessagesPerBatch } from '../../src/backends/nats/writing/conditional-publisher.ts'
import { settingsOf } from '../../src/bus/subscriber-settings.ts'
import { completeLimits } from '../../src/actors/live/limits.ts'
import { completeOptions } from '../../src/projections/definition/reader-options.ts'
import { defaultRememberedVersions } from '../../src/store/event-store-options.ts'
import { Document } from '../support/document.ts'

const page = await Document.read('docs/limits.md')

/** The rows of the table below a heading: their first cell, without marks of code, and their number. */
function rowsOf(heading: string): ReadonlyMap<string, number> {
  const [, section = ''] = page.text.split(`\n## ${heading}\n`)
  const rows = (section.split('\n## ')[0] ?? '').matchAll(/^\| (.+?) \| ([\d,]+) \|/gm)
  return new Map(
    Array.from(rows, ([, name = '', number = '']) => [
      name.replaceAll('`', ''),
      Number(number.replaceAll(',', '')),
    ]),
  )
}

const Thing = actor('thing', {
  state: {},
  events: { Done: z.unknown() },
  evolve: { Done: (s) => s },
  commands: { do: { input: z.unknown(), decide: (_s, c, on) => on.Done(c) } },
})

let node: Node<typeof Thing>
const started = async (
  options: Partial<OpenOptions<typeof Thing>> = {},
): Promise<Node<typeof Thing>> => {
  const opened = await open({
    backend: memory(),
    logger: silentLogger,
    ...options,
    actors: [Thing],
  })
  onTestFinished(() => opened.close())
  return opened
}
beforeEach(async () => {
  node = await started()
})

const text = (length: number): string => 'a'.repeat(length)
const append = (id: string, event: object = {}): Promise<unknown> =>
  node.events.append(id as ActorId, [{ type: 'Done', data: {}, ...event }], { expectedVersion: 0 })
const any = { expectedVersion: 'any' } as const
const done = (times: number): readonly NewEvent[] =>
  Array.from({ length: times }, () => ({ type: 'Done', data: {} }))
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const answer = await createFetchHandler(node)(new Request(`http://localhost${url}`, init))
  const said: unknown = await answer.json()
  if (!answer.ok) throw Object.assign(new Error('refused'), said)
  return said
}

/** Another outcome than is asked for, which is no error of Aether. */
class Otherwise extends Error {
  readonly code = 'otherwise'
}

/** A page of so many events of the log. */
async function readPage(size: number): Promise<void> {
  for (let left = size; left > 0; left -= 1_000)
    await node.events.append('thing-a', done(Math.min(left, 1_000)), any)
  const events = (await ask(`/events?limit=${size}`)) as readonly unknown[]
  if (events.length < size) throw new Otherwise(`${events.length} of them`)
}

/** A document with such a key: whether its event took effect. */
async function keep(key: string): Promise<void> {
  const Keyed = view({
    name: 'keyed',
    actors: [Thing],
    retries: 0,
    key: () => key,
    state: {},
    on: { Done: (s) => s },
  })
  const own = await started({ projections: [Keyed] })
  const { position } = await own.get(Thing, 'a').do({})
  const { heldBack } = await own.projection(Keyed).reached(position, { timeoutMs: 60_000 })
  if (heldBack.length === 0) return
  const [parked] = await own.projection(Keyed).parked()
  throw Object.assign(new Error('held back'), parked?.cause)
}

/** Offers an event again that is the oldest of so many of its actor: it is found, and no new one. */
async function offerAgain(among: number): Promise<void> {
  const first = [{ id: 'first', type: 'Done', data: {} }]
  await node.events.append('thing-a', first, any)
  for (let left = among - 1; left > 0; left -= 1_000)
    await node.events.append('thing-a', done(Math.min(left, 1_000)), any)
  const again = await node.events.append('thing-a', first, any)
  if (!again.ok || !again.duplicate) throw new Otherwise('it is stored again')
}

/** What is asked for with so much, and how more is refused. */
type Probe = readonly [(most: number) => unknown, ErrorCode | 'otherwise']

const names: Readonly<Record<string, Probe>> = {
  'type of an actor': [(n) => append(`${text(n)}-key`), 'invalid-actor-id'],
  'key of an actor': [
    (n) => append(`thing-${'ü'.repeat(n / 2)}${text(n % 2)}`),
    'invalid-actor-id',
  ],
  'type of an event': [(n) => append('thing-a', { type: text(n) }), 'invalid-argument'],
  'id of an event': [(n) => append('thing-a', { id: text(n) }), 'invalid-argument'],
  'command id': [(n) => node.get(Thing, 'a').do({}, { commandId: text(n) }), 'invalid-argument'],
  'name of a reminder': [
    (n) => node.schedule('thing-a', 'do', {}, { name: text(n), afterMs: 60_000 }),
    'invalid-argument',
  ],
  'name of a view': [
    (n) => view({ name: text(n), actors: [Thing], state: {}, on: {} }),
    'invalid-definition',
  ],
  'name of a projection or policy': [
    (n) => {
      const target = sqliteTables({ file: 'never-opened.db', tables: { thing: 'id TEXT' } })
      const made = projection({ name: text(n), actors: [Thing], target, on: {} })
      return [made, policy({ name: text(n), actors: [Thing], on: {} })]
    },
    'invalid-definition',
  ],
  "key of a view's document": [(n) => keep(text(n)), 'invalid-argument'],
  'name of a table of the store': [(n) => node.events.table(text(n)), 'invalid-argument'],
  'key in a table of the store': [
    async (n) => (await node.events.table('table')).put(text(n), 'x', undefined),
    'invalid-argument',
  ],
  'shape of a snapshot': [
    async (n) => {
      await append('thing-a').catch(() => {}) // it is there
      return node.events.saveSnapshot('thing-a', { version: 1, state: {}, shape: text(n) })
    },
    'invalid-argument',
  ],
  'namespace of the bus': [
    (n) => node.bus.publish({ namespace: text(n), type: 'x', data: {} }),
    'invalid-argument',
  ],
  'parts of such a namespace': [
    (n) => node.bus.publish({ namespace: Array(n).fill('a').join('.'), type: 'x', data: {} }),
    'invalid-argument',
  ],
}

const amounts: Readonly<Record<string, Probe>> = {
  'levels of JSON: data, inputs, states, documents': [
    (n) => append('thing-a', { data: nested(n) }),
    'too-large',
  ],
  'values in one such JSON': [
    (n) => append('thing-a', { data: Array(n - 1).fill(1) }),
    'too-large',
  ],
  'events in one commit': [(n) => node.events.append('thing-a', done(n), any), 'too-large'],
  "newest events of an actor that are searched for an id, where 'any' version is expected": [
    offerAgain,
    'otherwise',
  ],
  'body of an HTTP request': [
    (n) => ask('/actors/thing/a/do', { method: 'POST', body: JSON.stringify(text(n - 2)) }),
    'too-large',
  ],
  'limit of an HTTP request': [readPage, 'otherwise'],
}

describe.for([
  ['How long names may be', names],
  ['How large, and how many at once', amounts],
] as const)('%s', ([heading, probes]) => {
  const rows = rowsOf(heading)

  test('each has a number, and is tried', () => {
    expect([...rows.keys()]).toEqual(Object.keys(probes))
  })

  test.for([...rows])('%s: %i, and not one more', async ([name, most]) => {
    const [probe, code] = probes[name] ?? expect.fail('nobody tries it')
    await probe(most)
    node = await started()
    const refused = await Promise.resolve()
      .then(() => probe(most + 1))
      .then(
        () => 'taken',
        (thrown: unknown) => thrown,
      )
    expect(refused).toMatchObject({ code })
  })
})

test('what is an option has these defaults', () => {
  const { concurrency } = policy({ name: 'p', actors: [Thing], on: {} }).model
  expect(Object.fromEntries(rowsOf('What is an option'))).toEqual({
    rememberedVersions: defaultRememberedVersions,
    ...completeOptions('view', {}),
    concurrency,
    'snapshots.every': Thing.model.snapshotEvery,
    bufferSize: settingsOf({}).bufferSize,
  })
})

test('what else is counted is counted so', () => {
  const { rememberedCommands, batchEvents } = completeLimits()
  expect(page.text).toContain(`the newest ${rememberedCommands.toLocaleString('en')} of an actor`)
  expect(rowsOf('How large, and how many at once').get('events in one commit')).toBe(batchEvents)
  expect(page.text).toContain(`${maxMessagesPerBatch.toLocaleString('en')} actors`)
})
