import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { jetstream, jetstreamManager, type StreamInfo } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { startNatsCluster, startNatsServer } from './nats.ts'
import { until } from './until.ts'

test('a single server keeps its data over a kill, on the same port', async () => {
  await using server = await startNatsServer({ config: 'jetstream { sync_interval: always }' })
  const { port, url, pid } = server
  await store(url, 1)

  await server.kill()
  expect(server.pid).toBeUndefined()
  expect(isAlive(pid)).toBe(false)

  await server.restart()
  expect(server.port).toBe(port)
  expect(server.pid).not.toBe(pid)
  await untilStored(url, 1)
})

test('options reach the server', async () => {
  const credentials = { user: 'someone', pass: 'secret' }
  await using server = await startNatsServer({
    config: 'authorization { user: someone, password: secret }',
    maxPayload: 4_000_000,
    credentials,
  })
  await expect(connect({ servers: server.url, reconnect: false })).rejects.toThrow(/authorization/i)

  const connection = await connect({ servers: server.url, ...credentials })
  expect(connection.info?.max_payload).toBe(4_000_000)
  await connection.close()
})

test('a paused server answers after it is resumed', async () => {
  await using server = await startNatsServer()
  const connection = await connect({ servers: server.url })
  await server.pause()
  const answered = connection.flush().then(() => 'answered')
  const silence = until(() => false, { timeoutMs: 100, description: 'never' }).catch(
    () => 'silence',
  )
  expect(await Promise.race([answered, silence])).toBe('silence')

  server.resume()
  expect(await answered).toBe('answered')
  await connection.close()
})

test('a stopped server leaves nothing behind', async () => {
  const server = await startNatsServer()
  const { pid, folder } = server
  expect(isAlive(pid)).toBe(true)
  await server.pause()

  await server.stop()
  await server.stop()

  expect(isAlive(pid)).toBe(false)
  expect(existsSync(folder)).toBe(false)
  await expect(server.restart()).rejects.toThrow(/stopped for good/)
})

test('a server that cannot start shows its log', async () => {
  await expect(startNatsServer({ config: 'no_such_option: 1' })).rejects.toThrow(
    /ended instead of getting ready; .*no_such_option/s,
  )
})

test('a server dies with its test process', async () => {
  const harness = new URL('nats.ts', import.meta.url).href
  const script = `
    import { startNatsServer } from '${harness}'
    const { url, folder } = await startNatsServer()
    process.stdout.write(JSON.stringify({ url, folder }), () => process.kill(process.pid, 'SIGKILL'))
  `
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  const death = (await run.catch((error: unknown) => error)) as { signal: string; stdout: string }
  expect(death.signal).toBe('SIGKILL')

  const { url, folder } = JSON.parse(death.stdout) as { url: string; folder: string }
  await until(async () => !(await answers(url)) && !existsSync(folder), {
    description: 'the server and its folder are gone',
  })
})

test('a cluster keeps a replicated stream while its leader is gone', async () => {
  const cluster = await startNatsCluster()
  const { nodes, pids, urls } = cluster
  await store(urls, 3)
  expect(new Set(nodes.map((node) => node.port)).size).toBe(3)

  const leader = cluster.node(
    await until(() => leaderOf(urls), { description: 'the stream has a leader' }),
  )
  await leader.kill()
  await expect(cluster.ready()).rejects.toThrow(leader.name)
  const survivors = urls.filter((url) => url !== leader.url)
  await untilStored(survivors, 1)

  await leader.restart()
  await cluster.ready()
  await untilStored(leader.url, 1)

  await cluster.stop()
  expect([...pids, ...cluster.pids].filter(isAlive)).toEqual([])
  expect(nodes.filter((node) => existsSync(node.folder))).toEqual([])
})

test('a cluster keeps its data over a power cut', async () => {
  await using cluster = await startNatsCluster()
  await store(cluster.urls, 3)

  await cluster.kill()
  expect(cluster.pids).toEqual([])
  await cluster.restart()

  await untilStored(cluster.urls, 1)
})

type Servers = string | readonly string[]

const STREAM = 'orders'

/** Creates the stream and stores one message in it. */
async function store(servers: Servers, replicas: number): Promise<void> {
  const connection = await connect({ servers: [servers].flat() })
  const { streams } = await jetstreamManager(connection)
  await streams.add({ name: STREAM, subjects: [STREAM], num_replicas: replicas })
  const { seq } = await jetstream(connection).publish(STREAM, 'a message')
  expect(seq).toBe(1)
  await connection.close()
}

async function stored(servers: Servers): Promise<number> {
  return (await streamInfo(servers)).state.messages
}

/** A stream without a leader answers nothing for some seconds. */
async function untilStored(servers: Servers, messages: number): Promise<void> {
  await until(async () => (await stored(servers)) === messages, {
    description: `the stream answers with ${messages} message(s)`,
  })
}

async function leaderOf(servers: Servers): Promise<string> {
  return (await streamInfo(servers)).cluster?.leader ?? ''
}

async function streamInfo(servers: Servers): Promise<StreamInfo> {
  const connection = await connect({ servers: [servers].flat(), reconnect: false })
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 2_000 })
    return await streams.info(STREAM)
  } finally {
    await connection.close()
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await connect({ servers: url, reconnect: false })
    await connection.close()
    return true
  } catch {
    return false
  }
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
