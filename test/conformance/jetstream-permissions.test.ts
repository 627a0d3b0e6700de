import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
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

/** The streams, of which all but that of the events would be made when they are needed. */
async function create(namespace: string): Promise<void> {
  const credentials = login(namespace, 'creator')
  await (await nats({ servers: server.url, namespace, ...credentials }).openStore()).close()
  const inboxPrefix = `_INBOX.aether.${namespace}`
  const connection = await connect({ servers: server.url, ...credentials, inboxPrefix })
  const { streams } = await jetstreamManager(connection, { checkAPI: false })
  await streams.add({
    name: `AETHER-SNAPSHOTS_${namespace}`,
    subjects: [`aether.${namespace}.snapshot.>`],
    max_msgs_per_subject: 1,
    allow_direct: true,
  })
  await streams.add({
    name: `AETHER-MESSAGES_${namespace}`,
    subjects: [`aether.${namespace}.message.>`],
    retention: 'workqueue',
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    allow_msg_schedules: true,
    allow_atomic: true,
  })
  await streams.add({
    name: `AETHER-TABLES_${namespace}`,
    subjects: [`aether.${namespace}.table.>`],
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
  })
  await connection.close()
}

function login(namespace: string, role: NatsRole): { user: string; pass: string } {
  return { user: `${namespace}-${role}`, pass: 'secret' }
}

function user(namespace: string, role: NatsRole): string {
  const { user, pass } = login(namespace, role)
  return JSON.stringify({ user, password: pass, permissions: natsPermissions(namespace, role) })
}
