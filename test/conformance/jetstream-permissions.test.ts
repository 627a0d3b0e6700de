import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nats, natsPermissions, type NatsRole } from '../../src/backends/nats/index.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'

/** Each case has a namespace, and for that a login that makes the stream and one that uses it. */
const namespaces = eventStoreConformance.map((_, index) => `case-${index}`)

let server: NatsServer
beforeAll(async () => {
  const users = namespaces.flatMap((name) => [user(name, 'creator'), user(name, 'writer')])
  const admin = { user: 'admin', pass: 'secret' }
  const config = `accounts {
    A { jetstream: enabled, users: [{ user: admin, password: secret }, ${users.join(', ')}] }
  }`
  server = await startNatsServer({ config, credentials: admin })
})
afterAll(() => server.stop())

for (const [index, { name, run }] of eventStoreConformance.entries()) {
  test(`with the least permissions: ${name}`, async () => {
    const namespace = namespaces[index]!
    await create(namespace)

    const backend = nats({ servers: server.url, namespace, ...login(namespace, 'writer') })
    await run({ open: (options) => backend.openStore(options) })
  })
}

test('nothing that was tried was forbidden', async () => {
  expect(await readFile(join(server.folder, 'nats.log'), 'utf8')).not.toMatch(/violation/i)
})

/** The streams, of which a writer may make none. */
async function create(namespace: string): Promise<void> {
  await nats({ servers: server.url, namespace, ...login(namespace, 'creator') }).init()
}

function login(namespace: string, role: NatsRole): { user: string; pass: string } {
  return { user: `${namespace}-${role}`, pass: 'secret' }
}

function user(namespace: string, role: NatsRole): string {
  const { user, pass } = login(namespace, role)
  return JSON.stringify({ user, password: pass, permissions: natsPermissions(namespace, role) })
}
