import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CliProcess, runCli } from '../support/cli.ts'
import { send } from '../support/http-client.ts'
import { greetLike } from '../support/old-nats-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bank = join(import.meta.dirname, '../../examples/bank/bank.ts')
const aether = join(import.meta.dirname, '../../src/index.ts')

const counter = `
import { actor } from ${JSON.stringify(aether)}
export const Counter = actor('counter', { state: 0, events: {}, evolve: {}, commands: {} })
`

/** A module with this text in a folder of its own. */
async function modules(files: Record<string, string>): ReturnType<typeof temporaryFolder> {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text)
  return folder
}

describe('aether dev', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'runs a module until %s, and keeps its data',
    async (signal) => {
      await using folder = await temporaryFolder()
      for (const round of [1, 2]) {
        await using node = new CliProcess(['dev', bank, '--port', '0'], folder.path)
        const url = await node.listening()
        expect(node.stdout).toContain('account on sqlite:aether.db')
        const reply = await send(url, 'POST', '/actors/account/alice/deposit', {
          body: '{"amount":5}',
        })
        expect(reply.json).toMatchObject({ version: round, state: { balance: 5 * round } })
        expect(await node.end(signal)).toBe(0)
        expect(node.stderr).not.toContain('aether:')
      }
    },
  )

  test('in memory forgets', async () => {
    for (let round = 0; round < 2; round++) {
      await using node = new CliProcess(['dev', bank, '--backend', 'memory', '--port', '0'])
      const url = await node.listening()
      const reply = await send(url, 'POST', '/actors/account/alice/deposit', {
        body: '{"amount":5}',
      })
      expect(reply.json).toMatchObject({ version: 1 })
    }
  })

  test('takes an actor that is exported twice for one', async () => {
    await using folder = await modules({
      'm.ts': `${counter}\nexport { Counter as default, Counter as Again }`,
    })
    await using node = new CliProcess(
      ['dev', 'm.ts', '--backend', 'memory', '--port', '0'],
      folder.path,
    )
    await node.listening()
    expect(node.stdout).toContain('counter on memory')
  })
})

describe('aether says in one line what is wrong with', () => {
  const twoCounters = `${counter}\nexport const Other = actor('counter', { state: 0, events: {}, evolve: {}, commands: {} })`
  test.each([
    ['a module that is not there', {}, /there is no module m\.ts: give the path/],
    [
      'a module that throws',
      { 'm.ts': 'const a = 1\nthrow new TypeError("out of\\ncoffee")' },
      /m\.ts can't be loaded, it throws TypeError: out of coffee \(line 2\)/,
    ],
    [
      'a module that is no code',
      { 'm.ts': 'const = 1' },
      /m\.ts can't be loaded, it throws SyntaxError: /,
    ],
    [
      'a module that imports what is not there',
      { 'm.ts': "import 'nowhere-to-be-found'" },
      /m\.ts can't be loaded, it throws Error: Cannot find package 'nowhere-to-be-found'/,
    ],
    [
      'a module without actors',
      { 'm.ts': 'export const Account = {}' },
      /m\.ts exports no actor: export one/,
    ],
    [
      'a module with two actors of one type',
      { 'm.ts': twoCounters },
      /m\.ts exports two actors of the type counter: rename one/,
    ],
    [
      'a definition',
      { 'm.ts': counter.replace("'counter'", "'my counter'") },
      /actor type "my counter" must be/,
    ],
  ])('%s', async (_label, files, message) => {
    await using folder = await modules(files)
    const { code, stdout, stderr } = await runCli(
      ['dev', 'm.ts', '--backend', 'memory', '--port', '0'],
      folder.path,
    )
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/^aether: /)
    expect([code, stdout]).toEqual([1, ''])
  })

  test('a port in use', async () => {
    await using server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const { code, stderr } = await runCli([
      'dev',
      bank,
      '--backend',
      'memory',
      '--port',
      String(port),
    ])
    expect(stderr).toBe(
      `aether: can't listen on 127.0.0.1:${port}: it is in use; choose another port\n`,
    )
    expect(code).toBe(1)
  })

  test.each([
    ['is text', 'this is no database, however long it is'.repeat(200), /not a (SQLite )?database/i],
    ['is a folder', undefined, /folder|directory/],
  ])('a database file that %s', async (_label, text, message) => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'bank.db')
    if (text === undefined) await mkdir(file)
    else await writeFile(file, text)
    const { code, stderr } = await runCli([
      'dev',
      bank,
      '--backend',
      `sqlite:${file}`,
      '--port',
      '0',
    ])
    expect(stderr).toMatch(message)
    expect(stderr).toContain('bank.db')
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  test('a nats-server that is not there', async () => {
    const { code, stderr } = await runCli([
      'dev',
      bank,
      '--backend',
      'nats://127.0.0.1:1',
      '--port',
      '0',
    ])
    expect(stderr).toMatch(/^aether: no nats-server answers at 127\.0\.0\.1:1 .*start one/)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  test('a nats-server that is too old', async () => {
    const listener = createServer(greetLike('2.10.29'))
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const backend = `nats://127.0.0.1:${port}`
    const { code, stderr } = await runCli(['dev', bank, '--backend', backend, '--port', '0'])
    listener.close()
    expect(stderr).toMatch(/^aether: .*2\.10\.29.*2\.14/)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  test.each([
    [['fly'], /there is no command "fly"/],
    [['toString'], /there is no command "toString"/],
    [['dev'], /needs one module/],
    [['dev', 'a.ts', 'b.ts'], /needs one module/],
    [['dev', bank, '--colour'], /--colour/],
    [['dev', bank, '--port', 'http'], /--port must be a number/],
    [['dev', bank, '--port', '70000'], /--port must be a number/],
    [['dev', bank, '--backend', 'mysql:x'], /none of sqlite:FILE, memory, nats:/],
    [['dev', bank, '--backend', 'sqlite:'], /needs a file/],
    [['dev', bank, '--backend', 'nats://'], /needs a host/],
  ])('the command line %j', async (args, message) => {
    const { code, stderr } = await runCli(args)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^aether: .*; see aether --help\n$/)
    expect(code).toBe(2)
  })
})

test('aether --help lists the commands', async () => {
  const { code, stdout } = await runCli(['--help'])
  expect(stdout).toContain('aether dev MODULE')
  expect(code).toBe(0)
  expect((await runCli([])).code).toBe(2)
})
