import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { expect, test, vi } from 'vitest'
import { runCli } from '../support/cli.ts'
import { NatsOperator } from '../support/nats-jwt.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { monitored, monitoringOf } from '../support/nats-monitoring.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const login = { NATS_USER: 'app', NATS_PASSWORD: 's:e@cret' }

async function init({ url }: NatsServer, env: Record<string, string>, address = url) {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    await using done = await runCli([
      'store',
      'init',
      '--backend',
      `${address}/cli?durability=trust`,
    ])
    return { code: done.code, stderr: done.stderr }
  } finally {
    vi.unstubAllEnvs()
  }
}

/** Nor is there a word about durability. */
const done = { code: 0, stderr: '' }

test('a user or an nkey logs in by the environment, and a login in the address goes before', async () => {
  await using folder = await temporaryFolder()
  const pair = nkeys.createUser()
  const seed = join(folder.path, 'app.nk')
  await writeFile(seed, `${new TextDecoder().decode(pair.getSeed())}\n`)
  const user = JSON.stringify({ user: login.NATS_USER, password: login.NATS_PASSWORD })
  const users = `[${user}, { nkey: ${pair.getPublicKey()} }]`
  const config = `accounts { A { jetstream: enabled, users: ${users} } }`
  const credentials = { user: login.NATS_USER, pass: login.NATS_PASSWORD }
  await using server = await startNatsServer({ config, credentials })

  expect(await init(server, login)).toEqual(done)
  expect(await init(server, { NATS_NKEY: seed })).toEqual(done)
  expect((await init(server, {})).code).toBe(1)
  expect((await init(server, { ...login, NATS_PASSWORD: 'x' })).code).toBe(1)
  const wrong = server.url.replace('nats://', 'nats://app:x@')
  expect((await init(server, login, wrong)).code).toBe(1)
  const missing = await init(server, { NATS_CREDS: join(folder.path, 'none.creds') })
  expect(missing).toEqual({ code: 1, stderr: expect.stringMatching(/^aether: NATS_CREDS.*ENOENT/) })
})

test('whether the servers sync is seen by the monitoring that the address names', async () => {
  const config = `${monitored}\njetstream { sync_interval: always }`
  await using server = await startNatsServer({ config })
  const monitoring = await monitoringOf(server)
  const said = async (query: string) => {
    const address = `${server.url}/cli?durability=require${query}`
    await using ended = await runCli(['store', 'init', '--backend', address])
    return { code: ended.code, stderr: ended.stderr }
  }
  expect(await said(`&monitoring=${monitoring}`)).toEqual(done)
  expect(await said('')).toEqual({ code: 1, stderr: expect.stringContaining('monitoring') })
  const also = await said(`&monitoring=${monitoring},ftp://x`)
  expect(also).toEqual({ code: 1, stderr: expect.stringContaining('monitoring must be') })
})

test('a file of JWT credentials logs in by the environment', async () => {
  await using folder = await temporaryFolder()
  const operator = new NatsOperator()
  const creds = join(folder.path, 'app.creds')
  await writeFile(creds, operator.creds())
  const authenticator = (await import('@nats-io/transport-node')).credsAuthenticator(
    operator.creds(),
  )
  await using server = await startNatsServer({
    config: operator.config,
    credentials: { authenticator },
  })
  expect(await init(server, { NATS_CREDS: creds })).toEqual(done)
})
