import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Backend, type ErrorCode, exportEvents, importEvents, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { backupSqlite, sqlite } from 'aether/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { silentLogger, systemClock } from '../../src/core/index.ts'
import { ReaderDesk } from '../../src/projections/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { backendKinds } from '../support/backend-kinds.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until, untilHolds } from '../support/until.ts'
import { Account } from './bank.ts'
import { totals } from './totals.ts'

const patience = { timeoutMs: 60_000 }
const refusal = { code: 'incompatible-store' satisfies ErrorCode }

async function fileIn(name: string): Promise<string> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return join(folder.path, name)
}

let logger: Logbook
beforeEach(() => {
  logger = new Logbook()
})

type Tables = ReturnType<typeof totals>

const start = (backend: Backend, { Totals }: Tables): Promise<Node> =>
  open({ backend, actors: [Account], projections: [Totals], logger })

/** Deposits so often, and waits until it is seen. */
async function deposit(node: Node, { Totals, target }: Tables, times: number): Promise<unknown> {
  for (let left = times; left > 0; left--) await node.get(Account, 'alice').deposit({ amount: 1 })
  await node.projection(Totals).reached(await node.events.lastPosition(), patience)
  return total(target)
}

async function total(target: Tables['target']): Promise<unknown> {
  return (await target.read<{ total: number }>`SELECT total FROM total`)[0]?.total
}

/** Opens a node for so many deposits. */
async function once(backend: Backend, tables: Tables, times: number): Promise<unknown> {
  await using node = await start(backend, tables)
  return await deposit(node, tables, times)
}

/** Its error, once it has failed. */
const failure = (node: Node, { Totals }: Tables): Promise<unknown> =>
  until(
    async () => {
      const { state, error } = await node.projection(Totals).status()
      return state === 'failed' && error
    },
    { description: 'it says that it is not run', ...patience },
  )

/** All that is in the file, but for what SQLite itself keeps. */
async function contents({ target }: Tables): Promise<unknown> {
  const names = await target.read<{ name: string }>`SELECT name, sql FROM sqlite_schema ORDER BY 1`
  const rows = await target.read`SELECT * FROM total`
  const progress = await target.read`SELECT * FROM aether_progress`
  const builds = await target.read`SELECT * FROM aether_build`
  return { names, rows, progress, builds }
}

/** As they are that were made before it was written down. */
function forget(file: string): void {
  using db = new DatabaseSync(file)
  db.exec('DROP TABLE aether_log')
}

/** One that ends with its process has no identity. */
const lasting = backendKinds.filter(({ name }) => name !== 'memory')

describe.for(lasting)('tables that are made of another log, on $name', (kind) => {
  test('are left as they are, and both logs are named', async () => {
    await using source = await kind.start()
    const [own, other] = [source.fresh(), source.fresh()]
    const file = await fileIn('views.db')
    expect(await once(own, totals(file), 5)).toBe(5)
    const tables = totals(file)
    const before = await contents(tables)
    {
      await using node = await start(other, tables)
      const error = await failure(node, tables)
      expect(error).toMatchObject(refusal)
      const { message } = error as Error
      for (const named of [file, 'totals', other.name.split('/').at(-1), 'rebuild()'])
        expect(message).toContain(named)
      await node.get(Account, 'alice').deposit({ amount: 100 })
      const handle = node.projection(tables.Totals)
      await expect(handle.reached(1, patience)).rejects.toMatchObject(refusal)
      await expect(handle.parked()).rejects.toMatchObject(refusal)
      expect(await handle.status()).toMatchObject({ state: 'failed', position: 0 })
      expect(await node.readiness()).toMatchObject({ ready: false })
    }
    expect(logger.messages.filter((text) => text.includes('of another log'))).toHaveLength(1)
    expect(await contents(tables)).toEqual(before)
    // And whose they are goes on.
    expect(await once(own, totals(file), 1)).toBe(6)
  })
})

describe('tables that are made of another log', () => {
  test('are made anew of this one once somebody says so, and then the other is refused', async () => {
    const file = await fileIn('views.db')
    const [own, other] = ['own.db', 'other.db'].map((name) => sqlite(join(file, '..', name)))
    if (!own || !other) throw new Error('there are two')
    expect(await once(own, totals(file), 5)).toBe(5)
    const tables = totals(file)
    {
      await using node = await start(other, tables)
      await failure(node, tables)
      const build = await node.projection(tables.Totals).rebuild()
      await untilHolds(
        async () =>
          expect(await node.projection(tables.Totals).status()).toMatchObject({
            build,
            state: 'live',
          }),
        { description: 'it is made anew', ...patience },
      )
      expect(await deposit(node, tables, 2)).toBe(2)
    }
    expect(await once(other, totals(file), 1)).toBe(3)
    await using node = await start(own, tables)
    expect(await failure(node, tables)).toMatchObject(refusal)
    expect(await total(tables.target)).toBe(3)
  })

  test('are made anew where they were removed', async () => {
    const file = await fileIn('views.db')
    const [own, other] = ['own.db', 'other.db'].map((name) => sqlite(join(file, '..', name)))
    if (!own || !other) throw new Error('there are two')
    const tables = totals(file)
    expect(await once(own, tables, 5)).toBe(5)
    {
      await using node = await start(other, tables)
      await failure(node, tables)
    }
    await tables.target.close()
    for (const end of ['', '-wal', '-shm']) await rm(file + end, { force: true })
    expect(await once(other, totals(file), 1)).toBe(1)
  })

  test('are told of from outside, with no position', async () => {
    const file = await fileIn('views.db')
    const other = sqlite(`${file}-other`)
    expect(await once(sqlite(`${file}-own`), totals(file), 5)).toBe(5)
    await using store = await other.openStore()
    const around = { store, clock: systemClock, logger: silentLogger }
    await using desk = new ReaderDesk(totals(file).Totals.model, around)
    expect(await desk.status()).toMatchObject({ state: 'failed', position: 0, error: refusal })
    for (const decided of [desk.retry('account-alice'), desk.parked()])
      await expect(decided).rejects.toMatchObject(refusal)
    // Said before a node runs, it holds for the first that does.
    await desk.rebuild()
    expect(await desk.status()).toMatchObject({ state: 'stopped', position: 0 })
    expect(await once(other, totals(file), 2)).toBe(2)
  })

  test('are refused by one that ends with its process, and not the other way round', async () => {
    const file = await fileIn('views.db')
    const tables = totals(file)
    expect(await once(memory(), tables, 5)).toBe(5)
    expect(await once(memory(), tables, 1)).toBe(1)
    expect(await once(sqlite(`${file}-own`), tables, 2)).toBe(2)
    await using node = await start(memory(), tables)
    const error = await failure(node, tables)
    expect(error).toMatchObject(refusal)
    expect((error as Error).message).toContain('ends with its process')
    expect(await total(tables.target)).toBe(2)
  })

  test('are of the one that was begun first, where two begin at the same time', async () => {
    const file = await fileIn('views.db')
    const backends = ['own', 'other'].map((name) => sqlite(`${file}-${name}`))
    const tables = totals(file)
    const nodes = await Promise.all(backends.map((backend) => start(backend, tables)))
    const outcomes = await Promise.allSettled(nodes.map((node) => deposit(node, tables, 3)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: refusal })
    expect(await total(tables.target)).toBe(3)
    for (const node of nodes) await node.close()
  })
})

describe('tables of this log', () => {
  test('go on beside a backup of it that was put back', async () => {
    const file = await fileIn('views.db')
    const [events, copy] = [`${file}-events`, `${file}-copy`]
    expect(await once(sqlite(events), totals(file), 5)).toBe(5)
    await backupSqlite(events, copy)
    expect(await once(sqlite(copy), totals(file), 1)).toBe(6)
    expect(logger.messages.filter((text) => text.includes('anew'))).toEqual([])
  })

  test('are refused where its events were moved into another', async () => {
    const file = await fileIn('views.db')
    const moved = sqlite(`${file}-moved`)
    expect(await once(sqlite(`${file}-events`), totals(file), 5)).toBe(5)
    {
      await using from = await sqlite(`${file}-events`).openStore()
      await using to = await moved.openStore()
      await importEvents(to, exportEvents(from))
    }
    const tables = totals(file)
    await using node = await start(moved, tables)
    expect(await failure(node, tables)).toMatchObject(refusal)
    const build = await node.projection(tables.Totals).rebuild()
    await until(async () => (await node.projection(tables.Totals).status()).build === build, {
      description: 'it is made anew',
      ...patience,
    })
    expect(await deposit(node, tables, 1)).toBe(6)
  })

  test('are its own from now on where an older Aether made them', async () => {
    const file = await fileIn('views.db')
    const own = sqlite(`${file}-own`)
    const tables = totals(file)
    expect(await once(own, tables, 5)).toBe(5)
    forget(file)
    expect(await once(own, totals(file), 1)).toBe(6)
    const others = totals(file)
    await using node = await start(sqlite(`${file}-other`), others)
    expect(await failure(node, others)).toMatchObject(refusal)
    expect(await total(others.target)).toBe(6)
  })
})
