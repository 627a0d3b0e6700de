import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { actor, open, policy } from 'aether'
import { sqlite } from 'aether/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { CliProcess, runCli } from '../support/cli.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: NatsServer
beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startNatsServer()
})
afterAll(async () => {
  await server.stop()
  await folder.remove()
})

/** Runs `aether …` to its end; what it wrote as JSON lines. */
async function aether(...args: string[]): Promise<{
  readonly code: unknown
  readonly values: Record<string, unknown>[]
  readonly stderr: string
}> {
  await using done = await runCli(args, folder.path)
  const lines = done.stdout.split('\n').filter((line) => line !== '')
  const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code: done.code, values, stderr: done.stderr }
}

async function filled(name: string): Promise<string> {
  await using store = await sqlite(join(folder.path, name)).openStore()
  for (let i = 1; i <= 3; i++) {
    for (const actorId of ['order-1', 'account-a'] as const) {
      const type = i === 1 ? 'Opened' : 'Changed'
      await store.append(actorId, [{ type, data: { i } }], { expectedVersion: i - 1 })
    }
  }
  return `sqlite:${name}`
}

describe('aether events', () => {
  test('append stores, and says where another version stands', async () => {
    const backend = ['--backend', 'sqlite:append.db', '--unchecked']
    const first = await aether(
      ...['events', 'append', 'order-1', 'Placed', '{"items":2}', '--expect', '0'],
      ...['--id', 'e-1', '--metadata', 'userId=u=1', ...backend],
    )
    expect(first.code).toBe(0)
    expect(first.values).toMatchObject([
      {
        id: 'e-1',
        actorId: 'order-1',
        version: 1,
        data: { items: 2 },
        metadata: { userId: 'u=1' },
      },
    ])
    const taken = await aether('events', 'append', 'order-1', 'Paid', '--expect', '0', ...backend)
    expect(taken).toMatchObject({
      code: 3,
      values: [{ ok: false, conflict: { currentVersion: 1 } }],
    })
    const anywhere = await aether('events', 'append', 'order-1', 'Paid', ...backend)
    expect(anywhere.values).toMatchObject([{ version: 2, data: {} }])
  })

  test('append stores what the actor of a module can take, and nothing else', async () => {
    const [shop, zod] = ['../../src/index.ts', '../../node_modules/zod/index.js'].map((path) =>
      JSON.stringify(join(import.meta.dirname, path)),
    )
    const module = `import { actor, event } from ${shop}
import * as z from ${zod}
const Placed = event(z.object({ items: z.number() }), { upcast: [(data) => data] })
export const Order = actor('order', {
  state: { items: 0 },
  events: { Placed },
  evolve: { Placed: (s, e) => ({ items: s.items + e.items }) },
  commands: {},
})`
    await writeFile(join(folder.path, 'order.ts'), module)
    const append = (...args: string[]) =>
      aether('events', 'append', ...args, '-m', 'order.ts', '--backend', 'sqlite:checked.db')
    const first = await append('order-1', 'Placed', '{"items":2}')
    expect(first).toMatchObject({ code: 0, values: [{ version: 1, data: { items: 2 } }] })
    for (const [args, text] of [
      [['order-1', 'Placed', '{"cents":1}'], 'decided a wrong Placed'],
      [['order-1', 'Paid'], 'order has no event Paid'],
      [['cart-1', 'Placed', '{"items":2}'], 'order.ts exports no actor cart'],
    ] as const) {
      const { code, values, stderr } = await append(...args)
      expect([code, values, stderr]).toEqual([1, [], expect.stringContaining(text)])
    }
    const state = ['actor', 'show', 'order-1', '-m', 'order.ts', '--backend', 'sqlite:checked.db']
    expect((await aether(...state)).values).toMatchObject([{ version: 1, state: { items: 2 } }])
  })

  test('read gives an actor or the log, from either end, filtered', async () => {
    const backend = await filled('read.db')
    const of = async (...args: string[]): Promise<unknown[]> => {
      const { code, values, stderr } = await aether('events', 'read', ...args, '--backend', backend)
      expect([code, stderr]).toEqual([0, ''])
      return values.map(({ actorId, version }) => `${String(actorId)}@${String(version)}`)
    }
    expect(await of('order-1', '--from', '2')).toEqual(['order-1@2', 'order-1@3'])
    expect(await of('order-1', '--backwards', '--limit', '1')).toEqual(['order-1@3'])
    expect(await of('order-1', '--to', '1')).toEqual(['order-1@1'])
    expect(await of('order-9')).toEqual([])
    expect(await of('--after', '4')).toEqual(['order-1@3', 'account-a@3'])
    expect(await of('--type', 'Opened')).toEqual(['order-1@1', 'account-a@1'])
    expect(await of('--actor-type', 'account', '--key', 'a*', '--limit', '1')).toEqual([
      'account-a@1',
    ])
  })

  test('read stops at what is no event, or shows it in its place', async () => {
    const backend = await filled('malformed.db')
    using db = new DatabaseSync(join(folder.path, 'malformed.db'))
    db.exec('DROP TRIGGER event_refuses_update')
    db.exec("UPDATE event SET data = 'garbage' WHERE position = 2")
    const stopped = await aether('events', 'read', '--backend', backend)
    expect(stopped).toMatchObject({ code: 1, values: [{ position: 1 }] })
    expect(stopped.stderr).toContain('position 2')
    const shown = await aether('events', 'read', '--malformed', '--backend', backend)
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.values[1]).toMatchObject({ position: 2, raw: 'garbage' })
    const verified = await aether('events', 'verify', '--backend', backend)
    expect(verified.code).toBe(3)
    expect(verified.values[0]).toMatchObject({ kind: 'malformed-event', position: 2 })
    const exported = await aether('events', 'export', '--backend', backend, '--skip-malformed')
    expect(exported.code).toBe(3)
    expect(exported.values).toHaveLength(5)
    expect(exported.stderr).toContain('skipped')
  })

  test('stats count what there is of which kind', async () => {
    const { values } = await aether('events', 'stats', '--backend', await filled('stats.db'))
    expect(values).toHaveLength(5)
    expect(values[0]).toMatchObject({ actorType: 'order', type: 'Changed', events: 2 })
    expect(values.at(-1)).toEqual({ events: 6, actors: 2, malformed: 0 })
  })

  test('tail shows what is stored from now on, until it is interrupted', async () => {
    const backend = await filled('tail.db')
    await using store = await sqlite(join(folder.path, 'tail.db')).openStore()
    await using tail = new CliProcess(['events', 'tail', '--backend', backend], folder.path)
    // Until it listens, what is stored is not new to it.
    let stored = 0
    const seen = async (): Promise<boolean> => {
      await store.append('order-2', [{ type: 'Tick', data: {} }], { expectedVersion: stored++ })
      return tail.stdout !== ''
    }
    await until(seen, { description: 'the tail', timeoutMs: 60_000, intervalMs: 100 })
    expect(tail.stdout).not.toContain('Opened')
    expect(tail.stdout).toContain('"Tick"')
    expect(await tail.end('SIGINT')).toBe(0)
    const old = await aether('events', 'tail', '--after', '0', '--limit', '2', '--backend', backend)
    expect(old).toMatchObject({ code: 0, values: [{ position: 1 }, { position: 2 }] })
    const none = await aether(
      'events',
      'tail',
      '--after',
      '0',
      '--limit',
      '0',
      '--backend',
      backend,
    )
    expect(none).toMatchObject({ code: 0, values: [] })
  })

  test('export and import move a log to another backend, and again without harm', async () => {
    const backend = await filled('moved.db')
    await using exported = await runCli(['events', 'export', '--backend', backend], folder.path)
    const file = join(folder.path, 'log.ndjson')
    await writeFile(file, exported.stdout)
    const nats = ['--backend', `${server.url}/moved`]
    const first = await aether('events', 'import', file, ...nats)
    expect(first).toMatchObject({ code: 0, values: [{ lines: 6, imported: 6, present: 0 }] })
    const second = await aether('events', 'import', file, ...nats)
    expect(second).toMatchObject({ code: 0, values: [{ imported: 0, present: 6 }] })
    await using again = await runCli(['events', 'export', ...nats], folder.path)
    const withoutPositions = (text: string): string =>
      text.replaceAll(/"aetherposition":"\d+",?/g, '')
    expect(withoutPositions(again.stdout)).toBe(withoutPositions(exported.stdout))
    expect((await aether('events', 'verify', ...nats)).code).toBe(0)
    await writeFile(file, `${await readFile(file, 'utf8')}nonsense\n`)
    const refused = await aether('events', 'import', file, ...nats)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('line 7')
  })

  test('export tells what it leaves behind, and import that readers take history for news', async () => {
    const Lamp = actor('lamp', {
      state: { isOn: false },
      events: { Lit: z.object({}) },
      evolve: { Lit: () => ({ isOn: true }) },
      commands: { light: { decide: (_s, _c, on) => on.Lit({}) } },
    })
    const follow = policy({ name: 'follow', actors: [Lamp], on: { Lit: () => undefined } })
    {
      const backend = sqlite(join(folder.path, 'waiting.db'))
      await using node = await open({ backend, actors: [Lamp], policies: [follow] })
      const { position } = await node.get(Lamp, 'a').light()
      await node.projection(follow).reached(position)
      await node.schedule(node.get(Lamp, 'a'), 'light', undefined, {
        name: 'later',
        afterMs: 86_400_000,
      })
    }
    const backend = ['--backend', 'sqlite:waiting.db']
    await using exported = await runCli(['events', 'export', ...backend], folder.path)
    expect(exported.stderr).toContain('messages and reminders that wait are not exported: 1')
    const file = join(folder.path, 'waiting.ndjson')
    await writeFile(file, exported.stdout)
    const into = await aether('events', 'import', file, ...backend)
    expect(into.stderr).toContain('have run on this store (follow)')
    const fresh = await aether('events', 'import', file, '--backend', 'sqlite:fresh.db')
    expect(fresh).toMatchObject({ code: 0, stderr: '' })
  })

  /** As a shell runs it, with what stands behind the command. */
  async function inShell(
    command: string,
    behind: string,
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const main = join(import.meta.dirname, '../../src/cli/main.ts')
    const line = `${process.execPath} --conditions=aether-source ${main} ${command} ${behind}`
    return promisify(execFile)('sh', ['-c', line], { cwd: folder.path })
  }

  test('ends quietly when its reader has enough', async () => {
    const backend = await filled('head.db')
    const { stdout, stderr } = await inShell(`events read --backend ${backend}`, '| head -1')
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(stderr).toBe('')
  })

  test.runIf(existsSync('/dev/full'))('fails in a line where its output has no room', async () => {
    const backend = await filled('full.db')
    await expect(
      inShell(`events export --backend ${backend}`, '> /dev/full'),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^aether: not all could be written: .*\n$/),
    })
  })
})

describe('aether store', () => {
  test('init makes a store, and again changes nothing', async () => {
    for (let i = 0; i < 2; i++) {
      const { code, values } = await aether('store', 'init', '--backend', 'sqlite:made.db')
      expect([code, values]).toEqual([0, [{ backend: expect.stringContaining('made.db') }]])
    }
    expect((await aether('store', 'info', '--backend', 'sqlite:made.db')).code).toBe(0)
  })

  test('info says what a file is', async () => {
    const { code, values } = await aether('store', 'info', '--backend', await filled('info.db'))
    expect(code).toBe(0)
    expect(values).toMatchObject([{ backend: 'sqlite:info.db', events: 6, lastPosition: 6 }])
  })

  test('info says what a stream is', async () => {
    const backend = `${server.url}/info`
    await aether('events', 'append', 'order-1', 'Placed', '--unchecked', '--backend', backend)
    const { code, values } = await aether('store', 'info', '--backend', backend)
    expect(code).toBe(0)
    expect(values).toMatchObject([{ stream: 'AETHER_info', replicas: 1, messages: 1, actors: 1 }])
  })

  test('backup copies a file that is a store as well, and never over another one', async () => {
    const backend = await filled('source.db')
    const first = await aether('store', 'backup', 'copy.db', '--backend', backend)
    expect(first).toMatchObject({ code: 0, values: [{ backup: 'copy.db' }] })
    const { values } = await aether('events', 'read', '--backend', 'sqlite:copy.db')
    expect(values).toHaveLength(6)
    const second = await aether('store', 'backup', 'copy.db', '--backend', backend)
    expect(second).toMatchObject({ code: 1, values: [] })
    expect(second.stderr).toMatch(/^aether: .*copy\.db/)
  })

  test('backup that is interrupted says so, and leaves nothing', async () => {
    const backend = await filled('locked.db')
    using other = new DatabaseSync(join(folder.path, 'locked.db'))
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT')
    const interrupt = 'if (name === "SIGINT") setImmediate(() => process.kill(process.pid, name))'
    const asSoonAsItCan = `process.on("newListener", (name) => { ${interrupt} })`
    await using done = await runCli(
      ['store', 'backup', 'interrupted.db', '--backend', backend],
      folder.path,
      [`--import=data:text/javascript,${encodeURIComponent(asSoonAsItCan)}`],
    )
    expect(done).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^aether: .+\n$/),
    })
    expect(await readdir(folder.path)).not.toContainEqual(expect.stringContaining('interrupted.db'))
  })
})

test.each([
  [['events'], 2, 'needs one of append'],
  [['events', 'nope'], 2, 'no command "events nope"'],
  [['events', 'append', 'order-1'], 2, 'needs ACTOR TYPE [DATA]'],
  [['events', 'append', 'order-1', 'Placed', '--expect', 'x'], 2, '--expect'],
  [['events', 'append', 'order-1', 'Placed', '--metadata', 'x'], 2, 'name=value'],
  [['events', 'append', 'order-1', 'Placed', '{'], 1, 'JSON'],
  [['events', 'append', 'order-1', 'Placed'], 2, 'needs --module FILE'],
  [['events', 'append', 'order-1', 'Placed', '--unchecked', '-m', 'x.ts'], 2, 'not both'],
  [['events', 'append', 'order', 'Placed'], 1, 'actor id'],
  [['events', 'read', '--limit', '-1'], 2, '--limit'],
  [['events', 'read', '--backwards'], 2, '--backwards is for reading an ACTOR'],
  [['events', 'read', '--from', '0'], 2, '--from is for reading an ACTOR'],
  [['events', 'read', 'order-1', '--type', 'Placed'], 2, '--type is for reading all'],
  [['events', 'read', 'order-1', '--after', '0'], 2, '--after is for reading all'],
  [['events', 'read', '--backend', 'nats://127.0.0.1:1/x?replica=3'], 2, 'no "replica"'],
  [['events', 'read', '--backend', 'sqlite:none.db'], 1, 'there is no file none.db'],
  [['events', 'verify', '--backend', 'sqlite:none.db'], 1, 'there is no file none.db'],
  [['events', 'import', 'none.ndjson'], 2, 'there is no file none.ndjson'],
  [['events', 'import', '.'], 2, '. is a folder'],
  [['events', 'tail', 'x'], 2, 'needs no arguments'],
  [['store', 'info', '--backend', 'sqlite:none.db'], 1, 'there is no file none.db'],
  [['store', 'backup', '--backend', 'sqlite:none.db'], 2, 'needs FILE'],
  [['store', 'backup', 'x.db', '--backend', 'nats://localhost/x'], 2, 'by "nats stream backup"'],
] as const)('aether %j ends with %d and one line: %s', async (args, code, text) => {
  const result = await aether(...args)
  expect(result.code).toBe(code)
  expect(result.stderr.trim().split('\n')).toHaveLength(1)
  expect(result.stderr).toContain(text)
})

test('looking at a store never makes one', async () => {
  const backend = ['--backend', `${server.url}/absent`]
  for (const command of [
    ['events', 'stats'],
    ['events', 'read'],
    ['store', 'info'],
  ]) {
    const { code, stderr } = await aether(...command, ...backend)
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no stream AETHER_absent')])
  }
})

describe('aether store trim', () => {
  test('removes what is older, keeps the newest, and says how many', async () => {
    const keepForMs = 1_000
    {
      const backend = sqlite(join(folder.path, 'trim.db'), { retention: { keepForMs } })
      await using store = await backend.openStore()
      for (let version = 1; version <= 3; version++) {
        const time = `2020-01-0${version}T00:00:00.000Z`
        await store.save('order-1', { version, time, type: 'Old', data: version })
      }
    }
    const trim = (...args: string[]) =>
      aether('store', 'trim', '--backend', 'sqlite:trim.db', ...args)
    const first = await trim('--before', '2020-01-02')
    expect(first).toMatchObject({ code: 0, values: [{ removed: 1, actors: 1, events: 3 }] })
    expect((await trim('--older-than', '1d', '--keep-snapshots')).values).toMatchObject([
      { removed: 0 },
    ])
    expect((await trim('--older-than', '90d')).values).toMatchObject([{ removed: 1, events: 2 }])
    expect(await aether('store', 'info', '--backend', 'sqlite:trim.db')).toMatchObject({
      values: [{ retention: 'events older than 1000 ms may be removed', events: 1 }],
    })
  })

  test('asks for a time, and is refused where every event is kept', async () => {
    const backend = await filled('kept.db')
    for (const wrong of [
      [],
      ['--before', 'x'],
      ['--older-than', '3'],
      ['--before', '2020', '--older-than', '1d'],
    ])
      expect((await aether('store', 'trim', '--backend', backend, ...wrong)).code).toBe(2)
    const refused = await aether('store', 'trim', '--backend', backend, '--older-than', '1d')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/made without retention/)
  })
})
