import { rename, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { credsAuthenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions, natsPermissions } from '../../src/backends/nats/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { type NatsCredentials, type NatsServer, startNatsServer } from '../support/nats.ts'
import { NatsOperator } from '../support/nats-jwt.ts'
import { until } from '../support/until.ts'

/** Made for these tests with openssl, for a hundred years; nobody has the key of their CA. */
const file = (name: string): string =>
  fileURLToPath(new URL(`../data/tls/${name}`, import.meta.url))
const withCa = { caFile: file('ca.pem') }
const withCertificate = { ...withCa, certFile: file('client.pem'), keyFile: file('client.key') }
const servingTls = `cert_file: "${file('server.pem')}", key_file: "${file('server.key')}"`
const demandingTls = `${servingTls}, ca_file: "${file('ca.pem')}"`

const user = nkeys.createUser()
const operator = new NatsOperator()
const nkeyOf = (pair: { getSeed(): Uint8Array }): NatsCredentials => ({
  authenticator: nkeyAuthenticator(pair.getSeed()),
})
const credsOf = (from: NatsOperator): NatsCredentials => ({
  authenticator: credsAuthenticator(from.creds()),
})

interface Login {
  readonly title: string
  readonly config: string
  readonly right: NatsCredentials
  readonly wrong: Record<string, NatsCredentials>
}

const refusesLogin = /refuses the login/
const refusals: Record<string, RegExp> = {
  'an unreadable seed': /authenticator .* failed: nkeys/,
  'unreadable creds': /authenticator .* failed: unable to parse credentials/,
  'no CA': /no TLS .*certificate.*caFile/,
  'a CA file that is missing': /no TLS .*nowhere\.pem/,
}

const logins: Login[] = [
  {
    title: 'user and password',
    config: 'authorization { user: u, password: secret }',
    right: { user: 'u', pass: 'secret' },
    wrong: { none: {}, 'another password': { user: 'u', pass: 'other' } },
  },
  {
    title: 'token',
    config: 'authorization { token: secret }',
    right: { token: 'secret' },
    wrong: { none: {}, 'another token': { token: 'other' } },
  },
  {
    title: 'nkey',
    config: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
    right: nkeyOf(user),
    wrong: {
      none: {},
      'another nkey': nkeyOf(nkeys.createUser()),
      'an unreadable seed': { authenticator: nkeyAuthenticator(Buffer.from('SUNOTASEED')) },
    },
  },
  {
    title: 'JWT creds',
    config: operator.config,
    right: credsOf(operator),
    wrong: {
      none: {},
      "another operator's": credsOf(new NatsOperator()),
      'expired ones': {
        authenticator: credsAuthenticator(operator.creds({ expires: 1_000_000_000 })),
      },
      'unreadable creds': { authenticator: credsAuthenticator(Buffer.from('garbage')) },
    },
  },
  {
    title: 'TLS',
    config: `tls { ${servingTls} }`,
    right: { tls: withCa },
    wrong: { 'no CA': {}, 'a CA file that is missing': { tls: { caFile: '/nowhere.pem' } } },
  },
  {
    title: "TLS with a client's certificate that names the user",
    config: `tls { ${demandingTls}, verify_and_map: true }
authorization { users: [{ user: "app@aether.test" }] }`,
    right: { tls: withCertificate },
    wrong: { 'no CA': {} },
  },
]

describe.each(logins)('$title', ({ config, right, wrong }) => {
  test('lets in who has the right one, and refuses at once who has not', async () => {
    const server = await start(config, right)
    const store = await open(server, right)
    await store.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    expect(await store.latestVersion('a-1')).toBe(1)

    for (const [what, credentials] of Object.entries(wrong)) {
      // Much longer than the test may take.
      const opening = open(server, { ...credentials, connectTimeoutMs: 600_000 })
      await expect(opening, what).rejects.toMatchObject({
        code: 'incompatible-store',
        retryable: false,
        message: expect.stringMatching(refusals[what] ?? refusesLogin) as string,
      })
    }
  })
})

test('TLS with a server that has none is refused', async () => {
  await expect(open(await start('', {}), { tls: withCa })).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringMatching(/no TLS .*does not support/) as string,
  })
})

test("a client's certificate that is missing is named as a reason for silence", async () => {
  const server = await start(`tls { ${demandingTls}, verify: true }`, { tls: withCertificate })
  const opening = open(server, { tls: withCa, connectTimeoutMs: 500 })
  await expect(opening).rejects.toThrow(/if it demands a certificate/)
})

test('a login that is taken away is missed in time, and welcome when it is back', async () => {
  const admin = nkeys.createUser()
  const users = (...pairs: (typeof admin)[]): string =>
    `authorization { users: [${pairs.map((pair) => `{ nkey: ${pair.getPublicKey()} }`).join(', ')}] }`
  const server = await start(users(admin, user), nkeyOf(admin))
  const store = await open(server, { ...nkeyOf(user), retryForMs: 300 })
  await store.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 0 })

  await server.reload(users(admin))
  await untilRefused(store)
  await expect(
    store.append('a-1', [{ type: 'A', data: 2 }], { expectedVersion: 1 }),
  ).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(/refuses the login.*nothing was stored/) as string,
  })

  await server.reload(users(admin, user))
  await untilBack(store)
})

test('the least permissions fit into a JWT', async () => {
  const server = await start(operator.config, credsOf(operator))
  const as = (role: 'creator' | 'reader'): NatsCredentials => ({
    authenticator: credsAuthenticator(
      operator.creds({ permissions: natsPermissions('default', role) }),
    ),
  })
  const creator = await open(server, as('creator'))
  await creator.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  const reader = await open(server, as('reader'))
  expect(await reader.latestVersion('a-1')).toBe(1)
  await expect(
    reader.append('a-1', [{ type: 'A', data: 2 }], { expectedVersion: 1 }),
  ).rejects.toMatchObject({ code: 'not-permitted' })
})

test('creds that expire are renewed from their file, also where it was away', async () => {
  const server = await start(operator.config, credsOf(operator))
  const path = join(server.folder, 'user.creds')
  const authenticator = credsAuthenticator(() => readFileSync(path))
  // On a busy machine they expire before the store is open: then it takes others.
  const store = await until(
    async () => {
      await writeFile(path, operator.creds({ expires: Math.floor(Date.now() / 1_000) + 2 }))
      const opened = await open(server, { authenticator, retryForMs: 300 })
      const event = { id: 'e', type: 'A', data: 1 }
      await opened.append('a-1', [event], { expectedVersion: 0 })
      return opened
    },
    { description: 'the store is open' },
  )

  await rename(path, `${path}.away`)
  await untilRefused(store)
  await writeFile(path, operator.creds())
  await untilBack(store)
})

/** The client goes on trying, and whoever asks is told. */
async function untilRefused(store: EventStore): Promise<void> {
  await until(
    () =>
      expect(store.latestVersion('a-2'))
        .rejects.toMatchObject({
          code: 'store-unavailable',
          message: expect.stringMatching(/refuses the login/) as string,
        })
        .then(() => true),
    { description: 'the login is refused' },
  )
}

async function untilBack(store: EventStore): Promise<void> {
  await until(async () => (await store.latestVersion('a-1')) === 1, {
    description: 'the store is back',
  })
}

async function start(config: string, credentials: NatsCredentials): Promise<NatsServer> {
  const server = await startNatsServer({ config, credentials })
  onTestFinished(() => server.stop())
  return server
}

async function open({ url }: NatsServer, options: Partial<NatsOptions>): Promise<EventStore> {
  const store = await nats({ servers: url, durability: 'trust', ...options }).openStore()
  onTestFinished(() => store.close())
  return store
}
