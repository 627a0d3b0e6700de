import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Backend, type ErrorCode, type Node, open } from 'aether'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { backendKinds } from '../support/backend-kinds.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until, untilHolds } from '../support/until.ts'
import { Account } from './bank.ts'
import { totals } from './totals.ts'

const patience = { timeoutMs: 60_000 }

type Machine = ReturnType<typeof totals>

/** Machines, each with a disk of its own. */
async function machines(...names: readonly string[]): Promise<readonly Machine[]> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return names.map((name) => totals(join(folder.path, `${name}.db`)))
}

let logger: Logbook
beforeEach(() => {
  logger = new Logbook()
})

const start = (backend: Backend, { Totals }: Machine): Promise<Node> =>
  open({
    backend,
    actors: [Account],
    projections: [Totals],
    logger,
    limits: { commandTimeoutMs: 60_000 },
  })

async function deposit(node: Node, accounts: number): Promise<void> {
  for (let n = 0; n < accounts; n++) await node.get(Account, `a${n}`).deposit({ amount: 1 })
}

/** How many accounts are there, and what they have, once all is handled. */
async function sums(node: Node, { Totals, target }: Machine): Promise<unknown> {
  await node.projection(Totals).reached(await node.events.lastPosition(), patience)
  return (await target.read`SELECT count(*) AS accounts, sum(total) AS total FROM total`)[0]
}

/** Its error, once it has failed. */
const failure = (node: Node, { Totals }: Machine): Promise<unknown> =>
  until(
    async () => {
      const { state, error } = await node.projection(Totals).status()
      return state === 'failed' && error
    },
    { description: 'it says that it is not run', ...patience },
  )

/** Those of the projection, of all builds. */
async function tablesIn({ target }: Machine): Promise<readonly unknown[]> {
  const rows = await target.read`
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'totals/%' ORDER BY name`
  return rows.map(({ name }) => name)
}

const stopped = { code: 'reader-stopped' satisfies ErrorCode }

describe.for(backendKinds)('two machines with files of their own, on $name', (kind) => {
  test('one has all, and the other says that it has nothing, and why', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    const [one, two] = (await machines('one', 'two')) as [Machine, Machine]
    await using first = await start(backend, one)
    await deposit(first, 10)
    expect(await sums(first, one)).toEqual({ accounts: 10, total: 10 })

    await using second = await start(backend, two)
    expect(await failure(second, two)).toMatchObject({
      ...stopped,
      message: expect.stringMatching(
        /another place than sqlite:.*two\.db.*PostgreSQL.*rebuild\(\)/,
      ),
    })
    await deposit(second, 20)
    expect(await sums(first, one)).toEqual({ accounts: 20, total: 30 })
    await expect(second.projection(two.Totals).reached(1, patience)).rejects.toMatchObject(stopped)
    expect(await tablesIn(two)).toEqual([])
    expect(await second.readiness()).toMatchObject({ ready: false })
    await untilHolds(
      async () => expect((await first.projection(one.Totals).status()).members).toBe(1),
      { description: 'the second one takes no part' },
    )
    expect(logger.messages.filter((text) => text.includes('another place'))).toHaveLength(1)
  })
})

test('two that begin at the same time never share what they have', async () => {
  const backend = memory()
  const both = await machines('one', 'two')
  const nodes = await Promise.all(both.map((machine) => start(backend, machine)))
  await deposit(nodes[0] as Node, 20)
  const outcomes = await Promise.allSettled(
    both.map((machine, index) => sums(nodes[index] as Node, machine)),
  )
  expect(outcomes.find(({ status }) => status === 'fulfilled')).toMatchObject({
    value: { accounts: 20, total: 20 },
  })
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: stopped })
  for (const node of nodes) await node.close()
})

test('who rebuilds it has all, and who had it before is told', async () => {
  const [one, two] = (await machines('one', 'two')) as [Machine, Machine]
  const backend = memory()
  await using first = await start(backend, one)
  await deposit(first, 10)
  expect(await sums(first, one)).toEqual({ accounts: 10, total: 10 })
  await using second = await start(backend, two)
  await failure(second, two)
  const build = await second.projection(two.Totals).rebuild()
  await until(async () => (await second.projection(two.Totals).status()).build === build, {
    description: 'it is read on the second',
    ...patience,
  })
  await deposit(second, 20)
  expect(await sums(second, two)).toEqual({ accounts: 20, total: 30 })
  await untilHolds(
    async () =>
      expect(await second.projection(two.Totals).status()).toMatchObject({
        state: 'live',
        members: 1,
      }),
    { description: 'it is live, and the first one has left' },
  )
  expect(await failure(first, one)).toMatchObject(stopped)
  expect(await tablesIn(one)).toEqual(['totals/1/total'])
  expect(await tablesIn(two)).toEqual([`totals/${build}/total`])
})

test('a file that is lost is told, and made anew by whoever rebuilds it', async () => {
  const [machine] = (await machines('one')) as [Machine]
  const backend = memory()
  {
    await using node = await start(backend, machine)
    await deposit(node, 10)
    expect(await sums(node, machine)).toEqual({ accounts: 10, total: 10 })
  }
  for (const end of ['', '-wal', '-shm']) await rm(machine.file + end, { force: true })
  await using node = await start(backend, machine)
  expect(await failure(node, machine)).toMatchObject(stopped)
  await node.projection(machine.Totals).rebuild()
  expect(await sums(node, machine)).toEqual({ accounts: 10, total: 10 })
  await deposit(node, 5)
  expect(await sums(node, machine)).toEqual({ accounts: 10, total: 15 })
})

test('what is in a file of another life is neither taken for the new build, nor reason to make all anew', async () => {
  const [one, two] = (await machines('one', 'two')) as [Machine, Machine]
  {
    await using node = await start(memory(), two)
    await node.projection(two.Totals).rebuild()
    await node.projection(two.Totals).rebuild()
    await deposit(node, 7)
    expect(await sums(node, two)).toMatchObject({ accounts: 7 })
  }
  const backend = memory()
  await using first = await start(backend, one)
  await deposit(first, 3)
  expect(await sums(first, one)).toEqual({ accounts: 3, total: 3 })
  await using second = await start(backend, two)
  await failure(second, two)
  await untilHolds(
    async () =>
      expect(await first.projection(one.Totals).status()).toMatchObject({
        state: 'live',
        build: 1,
      }),
    { description: 'it is live' },
  )
  expect(await second.projection(two.Totals).status()).toMatchObject({ position: 0, parked: 0 })
  expect(await second.projection(two.Totals).rebuild()).toBe(4)
  expect(await sums(second, two)).toEqual({ accounts: 3, total: 3 })
})

/** What the members agree on. */
interface Agreement {
  readonly retired: readonly { readonly build: number; readonly since: number }[]
}

/** Changes what the members agree on, if anything; gives what it is then. */
async function agreed(
  backend: Backend,
  change?: (agreement: Agreement) => object,
): Promise<Agreement> {
  await using store = await backend.openStore()
  const table = await store.table('readers')
  for (;;) {
    const found = await table.get('control/totals')
    const agreement = JSON.parse(found?.text ?? '') as Agreement
    if (!change) return agreement
    const text = JSON.stringify(change(agreement))
    if ((await table.put('control/totals', text, found?.revision)) === undefined) continue
    return JSON.parse(text) as Agreement
  }
}

async function events(): Promise<Backend> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return sqlite(join(folder.path, 'events.db'))
}

test('a build that is over is dropped where it is, and forgotten where nobody is any more', async () => {
  const [one, two] = (await machines('one', 'two')) as [Machine, Machine]
  const backend = await events()
  const later = (ms: number) => (agreement: Agreement) => ({
    ...agreement,
    retired: agreement.retired.map((each) => ({ ...each, since: each.since - ms })),
  })
  const retired = async (): Promise<number> => (await agreed(backend)).retired.length
  const moveTo = async (node: Node, machine: Machine): Promise<void> => {
    await failure(node, machine)
    await node.projection(machine.Totals).rebuild()
    expect(await sums(node, machine)).toMatchObject({ accounts: 3 })
  }
  await using second = await (async () => {
    await using first = await start(backend, one)
    await deposit(first, 3)
    await sums(first, one)
    const other = await start(backend, two)
    await moveTo(other, two)
    await failure(first, one)
    expect(await tablesIn(one)).toEqual(['totals/1/total'])
    await agreed(backend, later(60_000))
    await until(async () => (await retired()) === 0, { description: 'it is dropped', ...patience })
    expect(await tablesIn(one)).toEqual([])
    expect(await tablesIn(two)).toEqual(['totals/2/total'])
    await moveTo(first, one)
    return other
  })()
  // It is read on the first, which is gone; what is on the second is dropped there, and the other way round.
  await failure(second, two)
  await agreed(backend, later(60_000))
  await until(async () => (await tablesIn(two)).length === 0, {
    description: 'it is dropped',
    ...patience,
  })
  await moveTo(second, two)
  await agreed(backend, later(86_400_000))
  expect(await retired()).toBe(1)
  await agreed(backend, later(7 * 86_400_000))
  await until(async () => (await retired()) === 0, { description: 'it is forgotten', ...patience })
})

test('an agreement of before, that says nothing of places, is taken over by who is first', async () => {
  const [one, two] = (await machines('one', 'two')) as [Machine, Machine]
  const backend = await events()
  {
    await using node = await start(backend, one)
    await deposit(node, 10)
    expect(await sums(node, one)).toEqual({ accounts: 10, total: 10 })
  }
  await agreed(backend, (agreement) => {
    const text = JSON.stringify(agreement)
    expect(text).toContain('"place"')
    const isPlace = (key: string): boolean => key === 'place'
    return JSON.parse(text, (key, value: unknown) => (isPlace(key) ? undefined : value)) as object
  })
  await using first = await start(backend, one)
  await deposit(first, 1)
  expect(await sums(first, one)).toEqual({ accounts: 10, total: 11 })
  expect(await first.projection(one.Totals).status()).toMatchObject({ build: 1 })
  await using second = await start(backend, two)
  expect(await failure(second, two)).toMatchObject(stopped)
})
