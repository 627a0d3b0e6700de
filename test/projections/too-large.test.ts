import { join } from 'node:path'
import { AetherError, type Backend, open, silentLogger, view } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { describe, expect, test } from 'vitest'
import type { DocumentTable } from '../../src/store/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until, untilHolds } from '../support/until.ts'
import { Account } from './bank.ts'

const patience = { timeoutMs: 60_000 }
const maxTextBytes = 20_000
const long = 'ü'.repeat(2_000)

/** The owners of all accounts whose name begins with a letter, and what was deposited. */
const Letters = view({
  name: 'letters',
  actors: [Account],
  key: ({ key }) => key.slice(0, 1),
  state: { owners: [] as readonly string[], deposits: [] as readonly string[] },
  retries: 1,
  retryMs: 5,
  on: {
    Opened: (l, { data }) => ({ ...l, owners: [...l.owners, data.owner] }),
    Deposited: (l, { key, data }) => ({ ...l, deposits: [...l.deposits, `${key} ${data.amount}`] }),
    Withdrawn: (l) => ({ ...l, owners: l.owners.slice(0, 1) }),
  },
})

const places: readonly {
  readonly name: string
  start(): Promise<AsyncDisposable & { readonly backend: Backend }>
}[] = [
  {
    name: 'a SQLite store that takes less',
    async start() {
      const folder = await temporaryFolder()
      return {
        backend: withSmallTables(sqlite(join(folder.path, 'store.db'))),
        [Symbol.asyncDispose]: () => folder.remove(),
      }
    },
  },
  {
    name: 'JetStream with a small max_payload',
    async start() {
      const server = await startNatsServer({ maxPayload: maxTextBytes + 512 })
      return {
        backend: nats({ servers: server.url, durability: 'trust' }),
        [Symbol.asyncDispose]: () => server.stop(),
      }
    },
  },
]

/** SQLite takes so much that no test can have it. */
function withSmallTables(backend: Backend): Backend {
  return {
    ...backend,
    async openStore(...options) {
      const store = await backend.openStore(...options)
      const open = store.table.bind(store)
      store.table = async (name) => small(await open(name))
      return store
    },
  }
}

function small(table: DocumentTable): DocumentTable {
  return {
    maxTextBytes,
    get: (key) => table.get(key),
    getMany: (keys) => table.getMany(keys),
    list: (prefix) => table.list(prefix),
    async put(key, text, expected) {
      if (Buffer.byteLength(text) > maxTextBytes) throw new AetherError('too-large', 'for a test')
      return table.put(key, text, expected)
    },
    remove: (key, expected) => table.remove(key, expected),
    watch: (wake) => table.watch(wake),
    clear: () => table.clear(),
  }
}

describe.for(places)('a document that grows too large, in $name', (place) => {
  test('holds back the actor whose event makes it so, and nobody else', async () => {
    await using started = await place.start()
    const { backend } = started
    const logger = new Logbook()
    const settings = { backend, actors: [Account], logger }
    {
      // So that the view gets all of them in one batch.
      await using node = await open(settings)
      for (let n = 1; n <= 6; n++) await node.get(Account, `a${n}`).open({ owner: long })
      await node.get(Account, 'a5').deposit({ amount: 5 })
      await node.get(Account, 'a1').deposit({ amount: 1 })
      await node.get(Account, 'b1').open({ owner: 'Bob' })
    }
    await using node = await open({ ...settings, projections: [Letters] })
    const handle = node.projection(Letters)
    await handle.reached(await node.events.lastPosition(), patience)
    await until(async () => (await handle.status()).parked === 2, {
      description: 'they are parked',
      ...patience,
    })
    await untilHolds(
      async () => expect(await handle.status()).toMatchObject({ state: 'live', retrying: 0 }),
      { description: 'it is live' },
    )
    const cause = {
      code: 'too-large',
      message: expect.stringMatching(/the document "a" would have 2\d+ bytes, and the store takes/),
    }
    expect(
      (await handle.parked()).toSorted((a, b) => (a.actorId < b.actorId ? -1 : 1)),
    ).toMatchObject([
      { actorId: 'account-a5', version: 1, tries: 2, cause },
      { actorId: 'account-a6', version: 1, tries: 2, cause },
    ])
    // Nobody else was blamed before it was found out who it is.
    const blamed = logger.messages.filter((message) => message.includes('tried again'))
    expect(blamed.map((message) => message.slice(0, 10)).toSorted()).toEqual([
      'account-a5',
      'account-a6',
    ])
    const owners = Array.from({ length: 4 }, () => long)
    expect(await node.view(Letters).get('a')).toEqual({ owners, deposits: ['a1 1'] })
    expect(await node.view(Letters).get('b')).toEqual({ owners: ['Bob'], deposits: [] })

    // With room in it, all goes on where it was held back.
    await node.get(Account, 'a1').deposit({ amount: 2 })
    const { position } = await node.get(Account, 'a1').withdraw({ amount: 1 })
    await handle.reached(position, patience)
    expect((await handle.retryAll()).toSorted()).toEqual(['account-a5', 'account-a6'])
    await until(async () => (await handle.parked()).length === 0, {
      description: 'they are free',
      ...patience,
    })
    const { owners: now, deposits } = (await node.view(Letters).get('a')) ?? {}
    expect(now).toEqual([long, long, long])
    expect(deposits?.toSorted()).toEqual(['a1 1', 'a1 2', 'a5 5'])
  })

  test('does not stop the view, however many actors it holds back', async () => {
    await using started = await place.start()
    const { backend } = started
    const settings = { backend, actors: [Account], logger: silentLogger }
    {
      await using node = await open({ ...settings, projections: [Letters] })
      const { position } = await node.get(Account, 'a0').open({ owner: long.repeat(4) })
      await node.projection(Letters).reached(position, patience)
    }
    {
      // It is full, and so nothing succeeds before what comes last.
      await using node = await open(settings)
      for (let n = 1; n < 30; n++) await node.get(Account, `a${n}`).open({ owner: long.repeat(4) })
      await node.get(Account, 'b1').open({ owner: 'Bob' })
    }
    await using node = await open({ ...settings, projections: [Letters] })
    const handle = node.projection(Letters)
    await handle.reached(await node.events.lastPosition(), patience)
    expect(await node.view(Letters).get('b')).toEqual({ owners: ['Bob'], deposits: [] })
    expect((await node.view(Letters).get('a'))?.owners).toHaveLength(1)
    await until(async () => (await handle.status()).parked === 29, {
      description: 'they are parked',
      ...patience,
    })
  })
})
