import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqlite } from 'aether/sqlite'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/actors/index.ts'
import { describeFinding } from '../../src/cli/describe-finding.ts'
import { runCli } from '../support/cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const aether = JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))
const zod = JSON.stringify(import.meta.resolve('zod'))

/** A module with an account that adds up what its events say by this expression. */
const module = (data: string, step: string): string => `
import { actor } from ${aether}
import * as z from ${zod}
export const Account = actor('account', {
  state: { balance: 0 },
  events: { Deposited: z.object(${data}) },
  evolve: { Deposited: (s, e) => ({ balance: s.balance + ${step} }) },
  commands: {},
})`

async function shop(): ReturnType<typeof temporaryFolder> {
  const folder = await temporaryFolder()
  const files = {
    'good.ts': module('{ amount: z.number() }', 'e.amount'),
    'bad.ts': module('{ cents: z.number() }', 'e.cents'),
    'list.ts': `import { Account } from './good.ts'\nexport const actors = [Account]`,
    'other.ts': module('{ amount: z.number() }', 'e.amount * 2'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  await using store = await sqlite(join(folder.path, 'shop.db')).openStore()
  for (const [key, amount] of [
    ['a', 1],
    ['b', 2],
  ] as const)
    await store.append(`account-${key}`, [{ type: 'Deposited', data: { amount } }], {
      expectedVersion: 0,
    })
  return folder
}

const store = ['--backend', 'sqlite:shop.db']
const parsed = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

describe('aether check', () => {
  test('ends with 0 where all that is stored can be dealt with', async () => {
    await using folder = await shop()
    for (const module of ['good.ts', 'list.ts']) {
      const { code, stdout, stderr } = await runCli(['check', module, ...store], folder.path)
      expect(stderr).toBe('checked 2 events of 2 actors in sqlite:shop.db: nothing found\n')
      expect([code, stdout]).toEqual([0, ''])
    }
  })

  test('prints what it found, as JSON or for people, and ends with 3', async () => {
    await using folder = await shop()
    const piped = await runCli(['check', 'bad.ts', ...store], folder.path)
    expect(piped.stderr).toBe('checked 2 events of 2 actors in sqlite:shop.db: 2 findings\n')
    expect(piped.code).toBe(3)
    expect(parsed(piped.stdout)).toMatchObject([
      { kind: 'unreadable-event', actorId: 'account-a', position: 1, version: 1 },
      { kind: 'unreadable-event', actorId: 'account-b', position: 2, version: 1 },
    ])
    expect(describeFinding(parsed(piped.stdout)[0] as Finding)).toMatch(
      /^unreadable-event {2}account-a, version 1, Deposited, at position 1: Deposited does not match its schema: cents: /,
    )
  })

  test('compares states with those of an older module', async () => {
    await using folder = await shop()
    const args = ['check', 'other.ts', ...store, '--against', 'good.ts']
    const { code, stdout } = await runCli(args, folder.path)
    expect(describeFinding(parsed(stdout)[0] as Finding)).toBe(
      'changed-state  account-a, version 1: {"balance":1} became {"balance":2}',
    )
    expect(code).toBe(3)
  })

  test('tells of what is no event at all, and of types that no definition has', async () => {
    await using folder = await shop()
    await using more = await sqlite(join(folder.path, 'shop.db')).openStore()
    await more.append('door-x', [{ type: 'Opened', data: {} }], { expectedVersion: 0 })
    using file = new DatabaseSync(join(folder.path, 'shop.db'))
    damage(file)
    const { stdout, code } = await runCli(['check', 'good.ts', ...store], folder.path)
    expect(parsed(stdout)).toMatchObject([
      { kind: 'unreadable-event', actorId: 'account-a', position: 1 },
      { kind: 'unknown-actor-type', actorType: 'door', events: 1, firstPosition: 3 },
    ])
    expect(code).toBe(3)
  })

  test('ends where the module keeps something open, with all that it had to say', async () => {
    await using folder = await shop()
    const open = 'setInterval(() => {}, 1_000)'
    await writeFile(join(folder.path, 'open.ts'), `export * from './bad.ts'; ${open}`)
    await writeFile(join(folder.path, 'empty.ts'), `export const none = 1; ${open}`)
    const checked = await runCli(['check', 'open.ts', ...store], folder.path)
    expect(checked.stderr).toMatch(/: 2 findings\n$/)
    expect(parsed(checked.stdout)).toHaveLength(2)
    expect(checked.code).toBe(3)
    const empty = await runCli(['check', 'empty.ts', ...store], folder.path)
    expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('exports no actor')])
  })

  test('does not make a store that is not there', async () => {
    await using folder = await shop()
    const args = ['check', 'good.ts', '--backend', 'sqlite:shpo.db']
    const { code, stderr } = await runCli(args, folder.path)
    expect(stderr).toMatch(/there is no file shpo\.db/)
    expect(code).toBe(1)
  })

  test.each([
    [['check'], /needs MODULE/],
    [['check', 'good.ts', '--backend', 'mysql:x'], /"mysql:x" is none of/],
    [['check', 'good.ts', ...store, '--colour'], /--colour/],
  ])('%j is not understood', async (args, message) => {
    await using folder = await shop()
    const { code, stderr } = await runCli(args, folder.path)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^aether: .*; see aether --help\n$/)
    expect(code).toBe(2)
  })
})

/** Overwrites the data of the first event, past the triggers that forbid it. */
function damage(file: DatabaseSync): void {
  const triggers = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()
  for (const { name } of triggers) file.exec(`DROP TRIGGER "${String(name)}"`)
  file.exec("UPDATE event SET data = 'no JSON' WHERE position = 1")
}
