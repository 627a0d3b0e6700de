import { setTimeout as pause } from 'node:timers/promises'
import { nats } from 'aether/nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assignmentKey, readAssignment } from '../../src/projections/membership/assignment.ts'
import { membersTable } from '../../src/projections/steering/crew.ts'
import type { CliProcess } from '../support/cli.ts'
import { send } from '../support/http-client.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type Folder, shopFolder, startDev, steer } from './shop.ts'

const patience = { timeoutMs: 90_000, intervalMs: 5 }

describe('aether dev on JetStream that is told to end', { timeout: 400_000 }, () => {
  let folder: Folder
  let server: NatsServer
  beforeAll(async () => {
    folder = await shopFolder()
    server = await startNatsServer()
  })
  afterAll(async () => {
    await server.stop()
    await folder.remove()
  })

  async function membersOf(namespace: string): Promise<readonly unknown[]> {
    const backend = nats({ servers: server.url, namespace, durability: 'trust' })
    await using store = await backend.openStore()
    const found = await (await store.table(membersTable)).get(assignmentKey)
    return [...readAssignment(found?.text).groups.values()].flatMap(({ members }) => members)
  }

  async function deposit(url: string): Promise<void> {
    const reply = await send(url, 'POST', '/actors/account/bob/deposit', { body: '{"amount":5}' })
    expect(reply.status).toBe(200)
  }

  test('it leaves its parts, and nobody takes it for one that runs', async () => {
    await using node = startDev(folder, `${server.url}/plain`)
    const url = await node.listening()
    await deposit(url)
    await until(async () => (await membersOf('plain')).length === 3, {
      description: 'it takes part in all',
      ...patience,
    })
    expect(await node.end('SIGTERM')).toBe(0)
    expect(await membersOf('plain')).toEqual([])
    const { values } = await steer(folder, `${server.url}/plain`, 'ls')
    const stopped = { state: 'stopped', members: 0 }
    expect(values).toMatchObject([stopped, stopped, stopped])
  })

  test('by npm and the terminal at once, and while it begins', async () => {
    await using node = startDev(folder, `${server.url}/early`)
    await until(async () => (await membersOf('early')).length > 0, {
      description: 'it takes part in something',
      ...patience,
    })
    node.signal('SIGTERM')
    const ended = node.exit().then(() => true)
    // To the very end, but not for a second: then it would be another one.
    const end = performance.now() + 500
    for (let isOver = false; !isOver && performance.now() < end;) {
      node.signal('SIGINT')
      node.signal('SIGTERM')
      isOver = await Promise.race([ended, pause(1, false)])
    }
    expect(await node.exit()).toBe(0)
    expect(await membersOf('early')).toEqual([])
  })

  async function running(namespace: string): Promise<CliProcess> {
    const node = startDev(folder, `${server.url}/${namespace}`)
    await deposit(await node.listening())
    await until(async () => (await membersOf(namespace)).length === 3, {
      description: 'it takes part in all',
      ...patience,
    })
    return node
  }

  test('while the server is away, it ends all the same, and says what it could not do', async () => {
    await using node = await running('away')
    await using other = await running('away-2')
    await server.pause()
    try {
      node.signal('SIGTERM')
      expect(await node.exit()).toBe(1)
      expect(node.stderr).toContain('aether: it did not close within 8 s')
      other.signal('SIGINT')
      // More than a second by its own clock, also where it heard of the first one late.
      await pause(3_000)
      other.signal('SIGINT')
      expect(await other.exit()).toBe(1)
      expect(other.stderr).toContain('aether: it was told to end once more')
    } finally {
      server.resume()
    }
  })
})
