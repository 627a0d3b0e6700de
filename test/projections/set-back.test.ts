import { copyFile, cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Backend, type ErrorCode, type Node, open, policy, projection } from 'aether'
import { nats } from 'aether/nats'
import { backupSqlite, sqlite, type SqliteOptions } from 'aether/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { actorId, silentLogger, systemClock } from '../../src/core/index.ts'
import { ReaderDesk } from '../../src/projections/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { laterTime } from '../support/later-time.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { Account, Balances } from './bank.ts'
import { totals } from './totals.ts'

const patience = { timeoutMs: 60_000 }
const loss = { code: 'unknown-position' satisfies ErrorCode }

let logger: Logbook
beforeEach(() => {
  logger = new Logbook()
})

type Tables = ReturnType<typeof totals>

/** The events of a service and its tables, each in a file. */
class Place {
  readonly tables: string
  readonly #events: string
  readonly #backup: string
  readonly #options: SqliteOptions

  constructor(folder: string, options: SqliteOptions) {
    this.tables = join(folder, 'views.db')
    this.#events = join(folder, 'events.db')
    this.#backup = join(folder, 'backup.db')
    this.#options = options
  }

  get backend(): Backend {
    return sqlite(this.#events, this.#options)
  }

  start({ Totals }: Tables): Promise<Node> {
    return open({ backend: this.backend, actors: [Account], projections: [Totals], logger })
  }

  /** So many deposits of one each, by nobody who knows the projection. */
  async store(times: number, key = 'alice'): Promise<void> {
    await using node = await open({ backend: this.backend, actors: [Account], logger })
    await deposit(node, times, key)
  }

  /** So many deposits that the tables show. */
  async show(times: number, key?: string): Promise<void> {
    const tables = totals(this.tables)
    await using node = await this.start(tables)
    await deposit(node, times, key)
    await node.projection(tables.Totals).reached(await node.events.lastPosition(), patience)
  }

  async backUp(): Promise<void> {
    await backupSqlite(this.#events, this.#backup)
  }

  /** What was backed up is put in the place of the events; the tables stay. */
  async putBack(): Promise<void> {
    for (const end of ['', '-wal', '-shm']) await rm(this.#events + end, { force: true })
    await copyFile(this.#backup, this.#events)
  }

  /** The tables are as an Aether left them that marked nothing. */
  forgetMarks(): void {
    using db = new DatabaseSync(this.tables)
    db.exec(`UPDATE aether_progress SET text = json_remove(text, '$.mark')`)
  }
}

async function place(options: SqliteOptions = {}): Promise<Place> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return new Place(folder.path, options)
}

async function deposit(node: Node, times: number, key = 'alice'): Promise<void> {
  for (let left = times; left > 0; left--) await node.get(Account, key).deposit({ amount: 1 })
}

async function total({ target }: Tables): Promise<unknown> {
  return (await target.read<{ total: number }>`SELECT total FROM total`)[0]?.total
}

type Handle = ReturnType<Node['projection']>

const failure = (handle: Handle): Promise<unknown> =>
  until(
    async () => {
      const { state, error } = await handle.status()
      return state === 'failed' && error
    },
    { description: 'it says that it can not go on', ...patience },
  )

async function rebuilt(handle: Handle): Promise<void> {
  const build = await handle.rebuild()
  await until(async () => (await handle.status()).build === build, {
    description: 'it is made anew',
    ...patience,
  })
}

describe('tables that are ahead of a log that was set back', () => {
  test('are told of, waited for in vain by nobody, and made anew when somebody says so', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(6)
    await own.putBack()
    const tables = totals(own.tables)
    await using node = await own.start(tables)
    const { position } = await node.get(Account, 'alice').deposit({ amount: 100 })
    const handle = node.projection(tables.Totals)
    await expect(handle.reached(position, patience)).rejects.toMatchObject(loss)
    const error = await failure(node.projection(tables.Totals))
    expect(error).toMatchObject(loss)
    for (const named of ['totals', 'position 9', 'rebuild()'])
      expect((error as Error).message).toContain(named)
    expect(await handle.status()).toMatchObject({ state: 'failed', position: 0 })
    expect(await node.readiness()).toMatchObject({ ready: false })
    expect(await total(tables)).toBe(9)
    expect(logger.messages.filter((text) => text.includes('was set back'))).toHaveLength(1)
    await rebuilt(node.projection(tables.Totals))
    await handle.reached(position, patience)
    expect(await total(tables)).toBe(103)
    await until(async () => (await handle.status()).state === 'live', {
      description: 'it goes on',
      ...patience,
    })
    expect(await node.readiness()).toMatchObject({ ready: true })
  })

  test('are told of as well where the log has grown past them again', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(2)
    await own.putBack()
    await own.store(9)
    const tables = totals(own.tables)
    await using node = await own.start(tables)
    const error = await failure(node.projection(tables.Totals))
    expect(error).toMatchObject(loss)
    expect((error as Error).message).toContain('another event at position 5')
    await expect(node.projection(tables.Totals).reached(5)).rejects.toMatchObject(loss)
    await rebuilt(node.projection(tables.Totals))
    expect(await total(tables)).toBe(12)
  })

  test('are taken as they are where an older Aether left them and the log has grown past them', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(2)
    await own.putBack()
    await own.store(4)
    own.forgetMarks()
    const tables = totals(own.tables)
    await using node = await own.start(tables)
    await node.projection(tables.Totals).reached(7, patience)
    expect(await total(tables)).toBe(7)
  })

  test('are told of from outside, and made anew by the first node that runs them', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(3)
    await own.putBack()
    const tables = totals(own.tables)
    {
      await using store = await own.backend.openStore()
      const around = { store, clock: systemClock, logger: silentLogger }
      await using desk = new ReaderDesk(totals(own.tables).Totals.model, around)
      expect(await desk.status()).toMatchObject({ state: 'failed', position: 0, error: loss })
      await desk.rebuild()
      expect(await desk.status()).toMatchObject({ state: 'stopped', position: 0 })
    }
    await using node = await own.start(tables)
    await node.projection(tables.Totals).reached(3, patience)
    expect(await total(tables)).toBe(3)
  })

  test('are replaced by those of a newer version, which are measured against the log as it is', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(6)
    await own.putBack()
    const tables = totals(own.tables, 2)
    await using node = await own.start(tables)
    const { Totals } = tables
    await until(async () => (await node.projection(Totals).status()).build === 2, {
      description: 'the new build is read',
      ...patience,
    })
    await node.projection(Totals).reached(3, patience)
    expect(await total(tables)).toBe(6)
  })

  test('are made anew also where an actor is held back that they had got further with', async () => {
    const own = await place()
    await own.show(3)
    await own.backUp()
    await own.show(3)
    await own.putBack()
    const { target, Totals } = totals(own.tables)
    const Broken = projection({
      name: Totals.name,
      actors: [Account],
      target,
      retries: 0,
      on: {
        Deposited: () => {
          throw new Error('broken')
        },
      },
    })
    await using node = await own.start({ file: own.tables, target, Totals: Broken })
    await failure(node.projection(Broken))
    await rebuilt(node.projection(Broken))
    const { heldBack } = await node.projection(Broken).reached(3, patience)
    expect(heldBack).toEqual(['account-alice'])
  })
})

describe('tables that are not ahead of their log', () => {
  test('go on where it was set back to what they have seen', async () => {
    const own = await place()
    await own.show(5)
    await own.backUp()
    await own.store(3)
    await own.putBack()
    await own.show(1)
    expect(await total(totals(own.tables))).toBe(6)
    expect(logger.messages.filter((text) => text.includes('was set back'))).toEqual([])
  })

  test('go on where what they have seen last was removed since', async () => {
    const own = await place({ retention: { keepForMs: 0 } })
    await own.show(3)
    await own.store(1)
    await laterTime()
    await own.store(1)
    await laterTime()
    {
      await using store = await own.backend.openStore()
      await store.trim()
      expect(await store.trimmedVersion(actorId('account', 'alice'))).toBe(4)
    }
    await own.show(1, 'bob')
    expect(logger.messages.filter((text) => text.includes('was set back'))).toEqual([])
  })
})

describe('a stream of events that was put back alone, on JetStream', () => {
  const reacted: string[] = []
  const Notes = policy({
    name: 'notes',
    actors: [Account],
    startAt: 'beginning',
    on: { Deposited: ({ key, version }) => void reacted.push(`${key}/${version}`) },
  })
  let server: NatsServer
  beforeEach(async () => {
    reacted.length = 0
    server = await startNatsServer()
    onTestFinished(() => server.stop())
  })

  const start = (): Promise<Node> =>
    open({
      backend: nats({ servers: server.url, namespace: 'bank', durability: 'trust' }),
      actors: [Account],
      projections: [Balances],
      policies: [Notes],
      logger,
    })

  async function show(node: Node, times: number): Promise<void> {
    await deposit(node, times)
    const end = await node.events.lastPosition()
    for (const reader of [Balances, Notes]) await node.projection(reader).reached(end, patience)
  }

  /** Does it while the server is down, with the stream and a place for a copy. */
  async function whileDown(work: (stream: string, copy: string) => Promise<void>): Promise<void> {
    await server.kill()
    await work(
      join(server.folder, 'store/jetstream/$G/streams/AETHER_bank'),
      join(server.folder, 'copy'),
    )
    await server.restart()
  }
  const backUp = (): Promise<void> =>
    whileDown((stream, copy) => cp(stream, copy, { recursive: true }))
  const putBack = (): Promise<void> =>
    whileDown(async (stream, copy) => {
      await rm(stream, { recursive: true })
      await cp(copy, stream, { recursive: true })
    })

  test('makes views and policies that are ahead say so, and views are made anew', async () => {
    for (const [times, then] of [
      [3, backUp],
      [4, putBack],
    ] as const) {
      await using node = await start()
      await show(node, times)
      await node.close()
      await then()
    }
    await using node = await start()
    const { position } = await node.get(Account, 'alice').deposit({ amount: 100 })
    for (const reader of [Balances, Notes]) {
      const handle = node.projection(reader)
      await expect(handle.reached(position, patience)).rejects.toMatchObject(loss)
      expect(await handle.status()).toMatchObject({ state: 'failed', position: 0, error: loss })
    }
    await rebuilt(node.projection(Balances))
    await node.projection(Balances).reached(position, patience)
    expect(await node.view(Balances).get('alice')).toMatchObject({ balance: 103 })
    expect(reacted).toHaveLength(7)
  })
})
