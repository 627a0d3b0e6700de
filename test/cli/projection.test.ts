import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { open } from 'aether'
import { sqlite } from 'aether/sqlite'
import { beforeAll, afterAll, describe, expect, test } from 'vitest'
import { Account } from '../projections/bank.ts'
import { runCli } from '../support/cli.ts'
import { send } from '../support/http-client.ts'
import { startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { bankModule, type Done, type Folder, shopFolder, startDev, steer } from './shop.ts'

/** Runs `aether projection …` on the store of a folder. */
async function projection(folder: Folder, ...args: readonly string[]): Promise<Done> {
  return steer(folder, 'sqlite:shop.db', ...args)
}

/** Deposits that nobody has read yet. */
async function deposits(folder: Folder, amounts: readonly number[]): Promise<void> {
  await using node = await open({
    backend: sqlite(join(folder.path, 'shop.db')),
    actors: [Account],
  })
  for (const amount of amounts) await node.get(Account, 'bob').deposit({ amount })
}

describe('of a store that nobody runs', () => {
  let folder: Folder
  beforeAll(async () => {
    folder = await shopFolder()
    await deposits(folder, [5, 6, 7])
  })
  afterAll(() => folder.remove())

  test('ls and lag tell that they are stopped, and handle nothing', async () => {
    for (let round = 0; round < 2; round++) {
      const { code, values } = await projection(folder, 'ls')
      expect(code).toBe(0)
      const stopped = { state: 'stopped', build: 1, parked: 0, members: 0 }
      expect(values).toMatchObject([
        { name: 'balances', kind: 'view', position: 0, lag: { events: 3 }, ...stopped },
        { name: 'journal', kind: 'view', position: 0, ...stopped },
        { name: 'nothing', kind: 'policy', position: 3, lag: { events: 0 }, ...stopped },
      ])
    }
    const { values } = await projection(folder, 'lag', 'journal')
    expect(values).toEqual([
      {
        name: 'journal',
        kind: 'view',
        state: 'stopped',
        position: 0,
        events: 3,
        seconds: expect.any(Number),
        members: 0,
      },
    ])
    expect((await projection(folder, 'lag')).values).toHaveLength(3)
  })

  test('pause and resume are for those who run it later', async () => {
    const paused = await projection(folder, 'pause', 'balances')
    expect(paused).toMatchObject({ code: 0, values: [{ name: 'balances', paused: true }] })
    expect((await projection(folder, 'lag', 'balances')).values).toMatchObject([
      { state: 'paused' },
    ])
    const resumed = await projection(folder, 'resume', 'balances')
    expect(resumed).toMatchObject({ code: 0, values: [{ paused: false }] })
    expect((await projection(folder, 'lag', 'balances')).values).toMatchObject([
      { state: 'stopped' },
    ])
  })

  test('retry and skip of who is not held back end with 3', async () => {
    const retried = await projection(folder, 'retry', 'journal', 'account-bob')
    expect(retried).toMatchObject({ code: 3, values: [{ retried: false }] })
    const skipped = await projection(folder, 'skip', 'journal', 'account-bob', '--reason', 'x')
    expect(skipped).toMatchObject({ code: 3, values: [{ skipped: false }] })
    expect(await projection(folder, 'parked', 'journal')).toMatchObject({ code: 0, values: [] })
    const all = await projection(folder, 'retry', 'journal', '--all')
    expect(all).toMatchObject({ code: 0, values: [] })
  })

  test.each([
    [['ls', 'journal'], 2, 'aether projection ls needs MODULE'],
    [['pause'], 2, 'aether projection pause needs MODULE NAME'],
    [['retry', 'journal'], 2, 'needs MODULE NAME ACTOR'],
    [['retry', 'journal', 'account-bob', '--all'], 2, 'needs MODULE NAME'],
    [['skip', 'journal', 'account-bob'], 2, 'needs --reason'],
    [['skip', 'journal', 'account-bob', '--reason', ' '], 2, 'needs --reason'],
    [['skip', 'journal', 'account-bob', '--reason', 'x'.repeat(301)], 1, '1 to 300 characters'],
    [['pause', 'nobody'], 1, 'no view, projection or policy "nobody", but balances, journal'],
    [['rebuild', 'nothing'], 1, "the policy nothing can't be rebuilt"],
    [['pause', 'journal', '--node', 'here'], 2, '--node must be a URL'],
    [['pause', 'journal', '--node', 'http://127.0.0.1:1'], 1, 'no node answers'],
  ] as const)('projection %j ends with %d', async (args, code, text) => {
    const done = await projection(folder, ...args)
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(text)])
    expect(done.stderr.trim().split('\n')).toHaveLength(1)
  })

  test('a module without any, and a store that is not there', async () => {
    await writeFile(join(folder.path, 'none.ts'), `export { Account } from ${bankModule}`)
    const none = await runCli(['projection', 'ls', 'none.ts'], folder.path)
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('exports no view, projection or policy'),
    ])
    const gone = await runCli(
      ['projection', 'ls', 'shop.ts', '--backend', 'sqlite:gone.db'],
      folder.path,
    )
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('no file gone.db')])
  })
})

interface Place {
  readonly name: string
  /** By what it is steered. */
  readonly ways: readonly ('store' | 'node')[]
  /** The backend as `--backend` takes it. */
  start(): Promise<AsyncDisposable & { readonly backend: string }>
}

const places: readonly Place[] = [
  {
    name: 'SQLite',
    ways: ['store', 'node'],
    start: async () => ({ backend: 'sqlite:shop.db', async [Symbol.asyncDispose]() {} }),
  },
  {
    name: 'JetStream',
    ways: ['store'], // a node hides where it stores
    async start() {
      const server = await startNatsServer()
      return {
        backend: `${server.url}/shop`,
        [Symbol.asyncDispose]: () => server.stop(),
      }
    },
  },
]

describe.each(places)('of a node in another process, on $name', (place) => {
  /** Resolves when the node shows the entries of bob. */
  const shows = (url: string, entries: readonly number[]): Promise<unknown> =>
    until(
      async () => {
        const { body } = await send(url, 'GET', '/views/journal/bob')
        return body.includes(`"entries":${JSON.stringify(entries)}`)
      },
      { description: `bob has ${entries.join()}` },
    )

  const isParked = (url: string): Promise<unknown> =>
    until(
      async () => (await send(url, 'GET', '/projections/journal')).body.includes('"parked":1'),
      {
        description: 'bob is parked',
      },
    )

  const deposit = async (url: string, amount: number): Promise<void> => {
    const body = JSON.stringify({ amount })
    expect((await send(url, 'POST', '/actors/account/bob/deposit', { body })).status).toBe(200)
  }

  test.each(place.ways)(
    'by its %s: it pauses, goes on, tries again, and is made anew',
    async (by) => {
      await using folder = await shopFolder()
      await using store = await place.start()
      await using node = startDev(folder, store.backend)
      const url = await node.listening()
      expect(node.stdout).toContain('view balances\nview journal\npolicy nothing\n')
      const projection = (...args: readonly string[]): Promise<Done> =>
        steer(folder, store.backend, ...args, ...(by === 'node' ? ['--node', url] : []))
      for (const amount of [5, 6, 7]) await deposit(url, amount)
      await isParked(url)

      const all = await projection('ls')
      expect(all.values).toMatchObject([
        { name: 'balances', members: 1 },
        { name: 'journal', members: 1, parked: 1 },
        { name: 'nothing', kind: 'policy', members: 1 },
      ])
      const parked = await projection('parked', 'journal')
      expect(parked).toMatchObject({
        code: 0,
        values: [{ actorId: 'account-bob', version: 2, cause: { message: '6 is poison' } }],
      })

      expect(await projection('pause', 'journal')).toMatchObject({ code: 0 })
      await until(
        async () => (await send(url, 'GET', '/projections/journal')).body.includes('"paused"'),
        { description: 'it is paused' },
      )
      await rm(join(folder.path, 'poison'))
      expect(await projection('retry', 'journal', 'account-bob')).toMatchObject({
        code: 0,
        values: [{ name: 'journal', actorId: 'account-bob', retried: true }],
      })
      expect((await send(url, 'GET', '/views/journal/bob')).body).toContain('"entries":[5]')
      expect(await projection('resume', 'journal')).toMatchObject({ code: 0 })
      await shows(url, [5, 6, 7])

      const rebuilt = await projection('rebuild', 'journal')
      expect(rebuilt).toMatchObject({ code: 0, values: [{ name: 'journal', build: 2 }] })
      await until(
        async () => {
          const [status] = (await projection('ls')).values.filter(({ name }) => name === 'journal')
          return status?.['build'] === 2 && status['state'] === 'live'
        },
        { description: 'the new build is read', timeoutMs: 60_000 },
      )
      await shows(url, [5, 6, 7])
      expect(await node.end('SIGTERM')).toBe(0)
      expect((await steer(folder, store.backend, 'ls')).values).toMatchObject([
        { state: 'stopped', members: 0, lag: { events: 0 } },
        { state: 'stopped', members: 0, lag: { events: 0 }, build: 2 },
        { state: 'stopped', members: 0, lag: { events: 0 } },
      ])
    },
  )

  test('one that was killed never looks alive for long, though nobody was there to notice', async () => {
    await using folder = await shopFolder()
    await using store = await place.start()
    const node = startDev(folder, store.backend)
    await using _node = node
    await deposit(await node.listening(), 5)
    const names = ['balances', 'journal', 'nothing']
    await until(
      async () => {
        const { values } = await steer(folder, store.backend, 'ls')
        const live = { state: 'live', members: 1 }
        expect(values).toMatchObject(names.map((name) => ({ name, ...live })))
        expect(values.some((value) => 'silent' in value)).toBe(false)
        return true
      },
      { description: 'all are live', timeoutMs: 60_000 },
    )
    const killedAt = performance.now()
    expect(await node.end('SIGKILL')).toBe('SIGKILL')
    const silent = { state: 'silent', members: 0, silent: { members: 1 } }
    await until(
      async () => {
        const { values } = await steer(folder, store.backend, 'ls')
        expect(values).toMatchObject(names.map((name) => ({ name, ...silent })))
        return true
      },
      { description: 'all are silent', timeoutMs: 60_000 },
    )
    const { values } = await steer(folder, store.backend, 'lag', 'nothing')
    expect(values).toMatchObject([silent])
    const found = values[0]?.['silent'] as { readonly seconds: number } | undefined
    const seconds = found?.seconds
    expect(seconds).toBeGreaterThan(9)
    expect(seconds).toBeLessThan((performance.now() - killedAt) / 1_000 + 5)
  })

  test.each(place.ways)('by its %s: several are retried and skipped', async (by) => {
    await using folder = await shopFolder()
    await using store = await place.start()
    await using node = startDev(folder, store.backend)
    const url = await node.listening()
    const projection = (...args: readonly string[]): Promise<Done> =>
      steer(folder, store.backend, ...args, ...(by === 'node' ? ['--node', url] : []))
    const body = JSON.stringify({ amount: 6 })
    const keys = ['ann', 'bob', 'eve', 'joe']
    for (const key of keys) await send(url, 'POST', `/actors/account/${key}/deposit`, { body })
    const parkedAre = (count: number): Promise<unknown> =>
      until(
        async () =>
          (await send(url, 'GET', '/projections/journal')).body.includes(`"parked":${count},`),
        { description: `${count} are parked`, timeoutMs: 60_000 },
      )
    await parkedAre(4)
    const reason = ['--reason', 'counted twice']
    const skipped = await projection(
      'skip',
      'journal',
      'account-ann',
      'account-x',
      'account-bob',
      ...reason,
    )
    expect([skipped.code, skipped.values.map((value) => value['skipped'])]).toEqual([
      3,
      [true, false, true],
    ])
    await parkedAre(2)
    await rm(join(folder.path, 'poison'))
    const some = await projection('retry', 'journal', 'account-eve', 'account-x')
    expect([some.code, some.values]).toMatchObject([3, [{ retried: true }, { retried: false }]])
    const all = await projection('retry', 'journal', '--all')
    expect(all.code).toBe(0)
    expect(all.values).toContainEqual({ name: 'journal', actorId: 'account-joe', retried: true })
    for (const key of ['eve', 'joe'])
      await until(
        async () =>
          (await send(url, 'GET', `/views/journal/${key}`)).body.includes('"entries":[6]'),
        { description: `${key} has its entry`, timeoutMs: 60_000 },
      )
  })

  test.each(place.ways)('by its %s: it passes over an event', async (by) => {
    await using folder = await shopFolder()
    await using store = await place.start()
    await using node = startDev(folder, store.backend)
    const url = await node.listening()
    for (const amount of [5, 6, 7]) await deposit(url, amount)
    await isParked(url)
    const args = ['skip', 'journal', 'account-bob', '--reason', 'counted twice']
    const way = by === 'node' ? ['--node', url] : []
    const other = await steer(folder, store.backend, ...args, '--position', '1', ...way)
    expect(other).toMatchObject({ code: 3, values: [{ skipped: false }] })
    const skipped = await steer(folder, store.backend, ...args, ...way)
    expect(skipped).toMatchObject({ code: 0, values: [{ skipped: true }] })
    expect(skipped.stderr).not.toContain('aether:')
    await shows(url, [5, 7])
    const again = await steer(folder, store.backend, ...args, '--node', url)
    expect(again).toMatchObject({ code: 3, values: [{ skipped: false }] })
    const unknown = await steer(folder, store.backend, 'pause', 'nobody', '--node', url)
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('"nobody"')])
  })
})
