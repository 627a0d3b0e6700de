import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { help } from '../../src/cli/help.ts'
import { repository } from '../checks/repository.ts'
import { runCli } from '../support/cli.ts'

async function said(...args: string[]) {
  await using done = await runCli(args)
  const { code, stdout, stderr } = done
  return { code, stdout, stderr }
}

test('a command tells what it takes, wherever help is asked for, and does nothing', async () => {
  const asked = await said('events', 'append', 'account-a', 'Opened', '--unchecked', '--help')
  expect(asked).toEqual(await said('help', 'events', 'append'))
  const { code, stdout } = asked
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ {2}aether events append ACTOR TYPE \[DATA\]/)
  expect(stdout).toContain('[--expect VERSION] [--id ID] [--metadata NAME=VALUE]…')
  expect(stdout).toContain('Options: [--backend VALUE] [--json] [-m, --module VALUE] ')
  expect(stdout).toContain('sqlite:FILE')
  expect(stdout).not.toMatch(/aether events read|FILTER/)
})

test('commands that begin with a word are told together, without others', async () => {
  const { code, stdout } = await said('projection', '--help')
  expect(code).toBe(0)
  const commands = help.split('\n').filter((line) => line.startsWith('  aether projection '))
  expect(commands.length).toBeGreaterThan(5)
  for (const line of commands) expect(stdout).toContain(line)
  expect(stdout).not.toContain('aether events')
})

test('it tells its version', async () => {
  const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    version: string
  }
  expect(await said('--version')).toMatchObject({ code: 0, stdout: `${version}\n` })
})

test('what no command takes is not told with it', async () => {
  const { stdout } = await said('actor', 'resume', '--help')
  expect(stdout.trim().split('\n\n')).toEqual([
    expect.stringContaining('aether actor resume ACTOR'),
    'Options: [--node VALUE] [--json]',
  ])
})

test.each([
  [['events', 'reda'], 'no command "events reda": is read meant?'],
  [['projecton', '--help'], 'no command "projecton": is projection meant?'],
  [['events', 'read', '--limti', '3'], 'no option --limti: is --limit meant?'],
  [['store', 'info', '--colour'], 'no option --colour, but --backend, --json'],
  [['store', 'info', '-x'], 'no option -x, but --backend, --json'],
  [['events', 'read', '--limit'], "'--limit <value>' argument missing"],
] as const)('aether %j ends with 2: %s', async (args, message) => {
  const { code, stderr } = await said(...args)
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
})
