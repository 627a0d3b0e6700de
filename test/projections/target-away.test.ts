import {
  AetherError,
  type Node,
  open,
  type Progress,
  type ProgressChange,
  projection,
  type ProjectionBuild,
  type ProjectionTarget,
} from 'aether'
import { memory } from 'aether/memory'
import { testNode, VirtualClock } from 'aether/testing'
import { expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'

/** A database that one of its users may not reach for a while. */
class Database {
  readonly #progress = new Map<string, Progress>()
  #revision = 0

  store(parts: readonly ProgressChange[]): readonly Progress[] | undefined {
    if (parts.some(({ part, expected }) => this.#progress.get(part)?.revision !== expected))
      return undefined
    return parts.map(({ part, text }) => {
      const stored = { part, text, revision: ++this.#revision }
      this.#progress.set(part, stored)
      return stored
    })
  }

  get progress(): readonly Progress[] {
    return [...this.#progress.values()].toSorted((a, b) => Number(a.part) - Number(b.part))
  }
}

/** How one node reaches the database, and what it has written there. */
class Connection implements ProjectionTarget<string[]> {
  readonly name = 'database'
  readonly written: string[] = []
  /** Writing fails at once then, whatever asking leads to. */
  isAway = false
  /** What asking leads to. */
  reach: () => Promise<void> = async () => {}
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  prepare(): Promise<void> {
    return this.reach()
  }

  async load(): Promise<readonly Progress[]> {
    await this.reach()
    return this.#database.progress
  }

  async commit(
    _build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: string[]) => void | Promise<void>,
  ): Promise<readonly Progress[] | undefined> {
    if (this.isAway) throw new AetherError('store-unavailable', 'nobody answers')
    const rows: string[] = []
    await write(rows)
    const stored = this.#database.store(parts)
    if (stored) this.written.push(...rows)
    return stored
  }

  activate(): Promise<void> {
    return this.reach()
  }

  async drop(): Promise<void> {}
  async close(): Promise<void> {}
}

function openWith(
  backend: ReturnType<typeof memory>,
  target: Connection,
): Promise<Node<typeof Account>> {
  const Deposits = projection({
    name: 'deposits',
    actors: [Account],
    target,
    on: { Deposited: async ({ key }, rows) => void rows.push(key) },
  })
  const leases = { leaseMs: 20_000, renewMs: 100 }
  const logger = new Logbook()
  return open({ backend, actors: [Account], projections: [Deposits], logger, leases })
}

test.each([
  ['refuses', () => Promise.reject(new AetherError('store-unavailable', 'nobody answers'))],
  ['never answers', (until: Promise<void>) => until],
])('a target that %s one node is written to by another one that joins', async (_what, asked) => {
  const [backend, database] = [memory(), new Database()]
  const [first, second] = [new Connection(database), new Connection(database)]
  const back = Promise.withResolvers<void>()
  await using node = await openWith(backend, first)
  const keys = Array.from({ length: 40 }, (_, n) => `a${n}`)
  const deposit = async (): Promise<void> => {
    for (const key of keys) await node.get(Account, key).deposit({ amount: 1 })
  }
  await deposit()
  await until(() => first.written.length === 40, { description: 'the first one works' })
  first.isAway = true
  first.reach = () => asked(back.promise)
  await deposit()
  await using _other = await openWith(backend, second)
  await until(() => second.written.length > 0, { description: 'the second one has its share' })
  first.isAway = false
  first.reach = async () => {}
  back.resolve()
  await until(() => first.written.length + second.written.length >= 80, {
    description: 'the first one goes on',
  })
  expect([...first.written, ...second.written].toSorted()).toEqual([...keys, ...keys].toSorted())
})

/** A database that takes long to answer. */
class Silent extends Connection {
  readonly answer = Promise.withResolvers<void>()

  override async commit(
    ...written: Parameters<Connection['commit']>
  ): ReturnType<Connection['commit']> {
    await this.answer.promise
    return super.commit(...written)
  }
}

test.each(['handler', 'target'])(
  'a %s that does not end is told, once, and shown until it does',
  async (who) => {
    const answer = Promise.withResolvers<void>()
    const silent = new Silent(new Database())
    const Slow = projection({
      name: 'slow',
      actors: [Account],
      target: who === 'target' ? silent : new Connection(new Database()),
      on: { Deposited: () => answer.promise },
    })
    const clock = new VirtualClock()
    await using home = await testNode({ actors: [Account], projections: [Slow], clock })
    const { node, log } = home
    await node.get(Account, 'alice').deposit({ amount: 1 })
    const told = (): readonly string[] =>
      log.messages.filter((message) => message.startsWith('the projection slow has been'))
    await clock.advance(59_000)
    expect(told()).toEqual([])
    expect(await node.readiness()).toMatchObject({ ready: true })
    await clock.advance(600_000)
    const what = who === 'target' ? 'waiting for its target' : 'handling Deposited of account-alice'
    expect(told()).toEqual([expect.stringContaining(`${what} for 60 s`)])
    const message = expect.stringMatching(new RegExp(`${what} for 6\\d\\d s`))
    const stuck = { state: 'stuck', error: { message } }
    expect(await node.projection(Slow).status()).toMatchObject(stuck)
    answer.resolve()
    silent.answer.resolve()
    await clock.advance(1_000)
    const isLive = async (): Promise<boolean> =>
      (await node.projection(Slow).status()).state === 'live'
    await until(isLive, { description: 'it goes on' })
  },
)
