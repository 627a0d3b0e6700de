import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { actor, type Logger, open } from 'aether'
import { nats } from 'aether/nats'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { Logbook } from '../../src/testing/logbook.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

const amount = z.object({ amount: z.int() })

const Account = actor('account', {
  state: { balance: 0 },
  events: { Deposited: amount },
  evolve: { Deposited: (s, e) => ({ balance: s.balance + e.amount }) },
  commands: { deposit: { input: amount, decide: (_s, c, on) => on.Deposited(c) } },
})

function openAt({ url }: NatsServer, logger: Logger = new Logbook()): ReturnType<typeof openNode> {
  return openNode(url, logger)
}

function openNode(servers: string, logger: Logger) {
  const backend = nats({ servers, durability: 'trust' })
  return open({ backend, actors: [Account], logger, limits: { commandTimeoutMs: 60_000 } })
}

/** What the server keeps, while it doesn't run. */
class Shelf {
  readonly #server: NatsServer

  constructor(server: NatsServer) {
    this.#server = server
  }

  async copy(name: string): Promise<void> {
    await this.#server.kill()
    await cp(this.#store, this.#store + name, { recursive: true })
    await this.#server.restart()
  }

  /** Puts the copy in the place of what is there; without a name, nothing. */
  async putBack(name?: string): Promise<void> {
    await this.#server.kill()
    await rm(this.#store, { recursive: true })
    if (name) await cp(this.#store + name, this.#store, { recursive: true })
    await this.#server.restart()
  }

  get #store(): string {
    return join(this.#server.folder, 'store')
  }
}

const restart = { code: 'incompatible-store', message: expect.stringContaining('restart it') }

test('who knew a stream that was set back says so, writes nothing on what it knew, and goes on with the right one', async () => {
  await using server = await startNatsServer()
  const shelf = new Shelf(server)
  const log = new Logbook()
  await using knowing = await openAt(server, log)
  const alice = knowing.get(Account, 'alice')
  await alice.deposit({ amount: 1 })
  await shelf.copy('.old')
  for (let n = 0; n < 2; n++) await alice.deposit({ amount: 10 })
  await shelf.copy('.right')

  await shelf.putBack('.old')
  // Where the one that knows more believes alice to be, something else is by then.
  await using other = await openAt(server)
  for (let n = 0; n < 2; n++) await other.get(Account, 'alice').deposit({ amount: 700 })
  await expect(alice.deposit({ amount: 1 })).rejects.toMatchObject(restart)
  await expect(knowing.state(knowing.get(Account, 'alice'))).rejects.toMatchObject(restart)
  expect(await knowing.readiness()).toMatchObject({ ready: false, reasons: [{ what: 'store' }] })
  const { state, version } = await other.state(other.get(Account, 'alice'))
  expect([state.balance, version]).toEqual([1_401, 3])
  const told = log.entries.filter(({ level }) => level === 'error')
  expect(told.map(({ message }) => message)).toEqual([
    expect.stringContaining('AETHER_default was set back'),
  ])

  await shelf.putBack('.right')
  await until(async () => (await knowing.readiness()).ready, { description: 'it goes on' })
  expect((await alice.deposit({ amount: 1 })).state.balance).toBe(22)
})

test('who knew a stream that was made anew says so, also while it is shorter', async () => {
  await using server = await startNatsServer()
  const shelf = new Shelf(server)
  await using knowing = await openAt(server)
  const alice = knowing.get(Account, 'alice')
  for (let n = 0; n < 3; n++) await alice.deposit({ amount: 1 })
  await shelf.putBack()
  await expect(alice.deposit({ amount: 1 })).rejects.toMatchObject(restart)
  await using other = await openAt(server)
  await expect(alice.deposit({ amount: 1 })).rejects.toMatchObject(restart)
  expect((await other.get(Account, 'alice').deposit({ amount: 5 })).state.balance).toBe(5)
  await expect(alice.deposit({ amount: 1 })).rejects.toMatchObject(restart)
})
