import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { Counter } from '../actors/counter.ts'
import { runCli } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bank = join(import.meta.dirname, '../../examples/bank/bank.ts')

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  const send = async (command: string, input: object): Promise<void> => {
    const { code } = await aether('send', 'account-alice', command, JSON.stringify(input))
    expect(code).toBe(0)
  }
  await send('open', { owner: 'Alice' })
  await send('deposit', { amount: 50 })
  await send('withdraw', { amount: 20 })
})
afterAll(() => folder.remove())

/** Runs `aether actor …` on one bank; what it wrote as JSON lines. */
async function aether(
  name: string,
  ...args: string[]
): Promise<{
  readonly code: unknown
  readonly values: Record<string, unknown>[]
  readonly stderr: string
}> {
  const onBank = ['ls', 'reminders', 'unschedule'].includes(name) ? [] : ['-m', bank]
  const options = name === 'resume' ? [] : ['--backend', 'sqlite:bank.db', ...onBank]
  await using done = await runCli(['actor', name, ...args, ...options], folder.path)
  const lines = done.stdout.split('\n').filter((line) => line !== '')
  const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code: done.code, values, stderr: done.stderr }
}

test('ls lists the actors with their versions', async () => {
  const { code, values } = await aether('ls')
  expect(code).toBe(0)
  expect(values).toMatchObject([{ actorId: 'account-alice', version: 3 }])
})

test('show and state say what it is, and what it was', async () => {
  const now = await aether('show', 'account-alice')
  expect(now.values).toMatchObject([{ version: 3, state: { owner: 'Alice', balance: 30 } }])
  const then = await aether('state', 'account-alice', '--at', '2')
  expect(then.values).toMatchObject([{ version: 2, state: { balance: 50 } }])
  const never = await aether('state', 'account-alice', '--at', '9')
  expect([never.code, never.stderr]).toEqual([1, expect.stringContaining('no version 9 yet')])
})

test('history and diff say what changed', async () => {
  const { values } = await aether('history', 'account-alice')
  expect(values.map(({ type, changes }) => [type, changes])).toEqual([
    ['Opened', ['$.open: false → true', '$.owner: "" → "Alice"']],
    ['Deposited', ['$.balance: 0 → 50']],
    ['Withdrawn', ['$.balance: 50 → 30']],
  ])
  const first = await aether('history', 'account-alice', '--limit', '1')
  expect(first.values).toHaveLength(1)
  const diff = await aether('diff', 'account-alice', '1', '3')
  expect(diff.values).toMatchObject([{ from: 1, to: 3, changes: ['$.balance: 0 → 30'] }])
})

test('send is refused by the actor with exit code 3', async () => {
  const { code, values } = await aether('send', 'account-alice', 'withdraw', '{"amount":1000}')
  expect(code).toBe(3)
  expect(values).toEqual([
    { code: 'command-rejected', rejection: 'insufficient-funds', details: { balance: 30 } },
  ])
})

test('send with a command id is carried out once', async () => {
  const send = (): ReturnType<typeof aether> =>
    aether('send', 'account-bob', 'open', '{"owner":"Bob"}', '--command-id', 'b-1')
  const first = await send()
  expect(first.values).toMatchObject([{ version: 1 }])
  expect(await send()).toEqual(first)
  const again = ['--command-id', 'b-1', '--first-sent', new Date().toISOString()]
  expect(await aether('send', 'account-bob', 'open', '{"owner":"Bob"}', ...again)).toEqual(first)
  const wrong = await aether('send', 'account-bob', 'open', '{}', '--first-sent', 'yesterday')
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('--first-sent must be a time'),
  ])
})

test('whoever looks at an actor, or sends to one, delivers no messages', async () => {
  const bystanding = (): ReturnType<typeof open> =>
    open({
      backend: sqlite(join(folder.path, 'bank.db')),
      actors: [Account],
      limits: { deliveries: 0 },
    })
  {
    await using node = await bystanding()
    for (let count = 0; count < 3; count++)
      await node.tell('account-told', 'open', { owner: 'Told' })
  }
  await aether('history', 'account-alice')
  await aether('show', 'account-told')
  await aether('send', 'account-carol', 'open', '{"owner":"Carol"}')
  await using node = await bystanding()
  const waiting = await node.reminders('account-told')
  expect(waiting.map(({ attempts }) => attempts)).toEqual([0, 0, 0])
  expect(await node.state('account-told')).toMatchObject({ version: 0 })
})

test('who is in quarantine is listed, and resume lets the running node ask it again', async () => {
  await using node = await open({
    backend: memory(),
    actors: [Counter],
    limits: { failuresInARow: 1 },
  })
  await using server = await serve(node, { port: 0 })
  await expect(node.get(Counter, '..').throwing()).rejects.toThrow('decide is broken')
  expect(node.quarantined).toHaveLength(1)
  const listed = await aether('ls', '--quarantined', '--node', server.url)
  expect(listed).toMatchObject({ code: 0, values: node.quarantined })
  const filtered = await aether('ls', '--quarantined', '--key', 'a')
  expect([filtered.code, filtered.stderr]).toEqual([2, expect.stringContaining('--key is for')])
  const first = await aether('resume', 'counter-..', '--node', server.url)
  expect(first).toMatchObject({ code: 0, values: [{ actorId: 'counter-..', resumed: true }] })
  expect(node.quarantined).toEqual([])
  expect((await aether('resume', 'counter-..', '--node', server.url)).code).toBe(3)
  const unknown = await aether('resume', 'other-a', '--node', server.url)
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('other')])
  await server.close()
  const gone = await aether('resume', 'counter-a', '--node', server.url)
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('no node answers')])
})

test.each([
  [['show'], 2, 'needs ACTOR'],
  [['show', 'order-1'], 1, 'no actor type order'],
  [['send', 'account-alice', 'dance'], 1, 'no command dance'],
  [['send', 'account-alice', 'deposit', '{'], 1, 'JSON'],
] as const)('aether actor %j ends with %d: %s', async ([name, ...args], code, text) => {
  const result = await aether(name, ...args)
  expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(text)])
})

test('a module is needed to know what an actor is', async () => {
  await writeFile(join(folder.path, 'empty.db'), '')
  await using done = await runCli(
    ['actor', 'show', 'account-a', '--backend', 'sqlite:empty.db'],
    folder.path,
  )
  expect([done.code, done.stderr]).toEqual([2, expect.stringContaining('--module')])
})

test('reminders lists what waits, the next first, and unschedule takes one away', async () => {
  await using node = await open({
    backend: sqlite(join(folder.path, 'bank.db')),
    actors: [Account],
    limits: { deliveries: 0 },
  })
  const alice = node.get(Account, 'alice')
  const input = { amount: 1 }
  await node.schedule(alice, 'deposit', input, { name: 'rent', everyMs: 86_400_000 })
  await node.schedule(alice, 'deposit', input, { name: 'gift', afterMs: 5_000 })
  await node.schedule(node.get(Account, 'bob'), 'deposit', input, { name: 'late', afterMs: 90_000 })
  const { code, values } = await aether('reminders', 'account-alice')
  expect(code).toBe(0)
  expect(values).toMatchObject([
    { name: 'gift', command: 'deposit', input },
    { name: 'rent', everyMs: 86_400_000, kind: 'reminder', attempts: 0 },
  ])
  // Of all actors.
  const all = (await aether('reminders')).values.map(({ name }) => name)
  expect(all).toEqual(expect.arrayContaining(['gift', 'late', 'rent']))
  expect((await aether('reminders', '--limit', '1')).values).toHaveLength(1)
  const gone = await aether('unschedule', 'account-alice', 'gift')
  expect([gone.code, gone.values]).toEqual([
    0,
    [{ actorId: 'account-alice', kind: 'reminder', name: 'gift', unscheduled: true }],
  ])
  expect((await aether('unschedule', 'account-alice', 'gift')).code).toBe(3)
  const told = await node.tell(alice, 'deposit', input)
  expect((await aether('unschedule', 'account-alice', told, '--kind', 'message')).code).toBe(0)
  expect(await aether('unschedule', 'account-alice', told, '--kind', 'note')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--kind is message or reminder, not note'),
  })
  expect(await node.reminders(alice)).toMatchObject([{ name: 'rent' }])
})
