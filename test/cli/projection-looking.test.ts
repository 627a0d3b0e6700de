import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type Backend, open } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Account } from '../projections/bank.ts'
import { runCli } from '../support/cli.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const source = (path: string) => JSON.stringify(join(import.meta.dirname, '../../', path))

/** One of each kind; a function of the kind of store, as only SQLite has inline tables. */
const readers = (inline: boolean): string => `
import { policy, projection } from ${source('src/index.ts')}
import { sqliteTables } from ${source('src/backends/sqlite/index.ts')}
import { Account, Balances } from ${source('test/projections/bank.ts')}
export { Account, Balances }
const tables = { sum: 'cents INTEGER' }
const on = { Deposited: () => {} }
export const InFile = projection({
  name: 'in-file', actors: [Account], target: sqliteTables({ file: 'views.db', tables }), on,
})
${inline ? `export const Inline = projection({ name: 'inline', actors: [Account], target: sqliteTables({ inline: true, tables }), on })` : ''}
export const Nothing = policy({ name: 'nothing', actors: [Account], on })
`

type Folder = Awaited<ReturnType<typeof temporaryFolder>>

let folder: Folder
let server: NatsServer
beforeAll(async () => {
  ;[folder, server] = await Promise.all([temporaryFolder(), startNatsServer()])
})
afterAll(() => Promise.all([folder.remove(), server.stop()]))

async function deposit(backend: Backend): Promise<void> {
  await using node = await open({ backend, actors: [Account] })
  await node.get(Account, 'bob').deposit({ amount: 1 })
}

/** All that can be looked at. */
async function look(module: string, store: string): Promise<readonly string[]> {
  const at = ['--backend', store]
  const output: string[] = []
  for (const args of [
    ['ls', module],
    ['lag', module],
    ['parked', module, 'in-file'],
  ]) {
    await using done = await runCli(['projection', ...args, ...at], folder.path)
    expect(done.code).toBe(0)
    output.push(done.stdout)
  }
  await using retried = await runCli(
    ['projection', 'retry', module, 'in-file', 'account-bob', ...at],
    folder.path,
  )
  expect(retried.code).toBe(3)
  return output
}

test('looking at readers that never ran makes nothing in a SQLite store, and no file', async () => {
  const file = join(folder.path, 'shop.db')
  await writeFile(join(folder.path, 'sqlite.ts'), readers(true))
  await deposit(sqlite(file))
  const there = (): unknown => {
    using db = new DatabaseSync(file, { readOnly: true })
    const tables = db.prepare('SELECT name FROM sqlite_schema ORDER BY name').all()
    return [tables, db.prepare('SELECT count(*) AS documents FROM document').get()]
  }
  const before = there()
  const [all] = await look('sqlite.ts', 'sqlite:shop.db')
  expect(all?.match(/"state":"stopped"/g)).toHaveLength(4)
  expect(there()).toEqual(before)
  expect((await readdir(folder.path)).filter((name) => name.startsWith('views'))).toEqual([])
})

test('looking at readers that never ran makes no streams in a JetStream store', async () => {
  await writeFile(join(folder.path, 'nats.ts'), readers(false))
  await deposit(nats({ servers: server.url, namespace: 'shop', durability: 'trust' }))
  const there = async (): Promise<unknown> => {
    const connection = await connect({ servers: server.url })
    await using _closed = { [Symbol.asyncDispose]: () => connection.close() }
    const manager = await jetstreamManager(connection)
    const infos = await Array.fromAsync(manager.streams.list())
    return infos.map(({ config: { name }, state: { messages } }) => [name, messages])
  }
  const before = await there()
  const [all] = await look('nats.ts', `${server.url}/shop`)
  expect(all?.match(/"state":"stopped"/g)).toHaveLength(3)
  expect(await there()).toEqual(before)
})
