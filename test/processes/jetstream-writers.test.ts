import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import type { AppendResult } from '../../src/store/index.ts'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'
import type { Order, Report } from './jetstream-writer-child.ts'

const script = fileURLToPath(new URL('jetstream-writer-child.ts', import.meta.url))

/** A process of its own with a store on NATS. */
class JetStreamWriter implements AsyncDisposable {
  readonly #child: ChildProcess = fork(script, { execPath: process.execPath, execArgv: [] })

  /** Obeys the order so many times at once; one call after the other. */
  async obey(order: Order, times = 1): Promise<readonly AppendResult[]> {
    const reported = once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) })
    this.#child.send({ order, times })
    const [{ results, failure }] = (await reported) as [Report]
    expect(failure).toBeUndefined()
    return results
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}

/** 50 in all. */
const writersByProcess = [7, 7, 6, 6, 6, 6, 6, 6]
const rounds = 20

const setups = [
  { title: 'one server', replicas: 1, start: startOneServer },
  { title: 'three replicas', replicas: 3, start: startNatsCluster },
]

let processes: readonly JetStreamWriter[] = []
// Starting them takes longer than what they do.
beforeAll(() => {
  processes = writersByProcess.map(() => new JetStreamWriter())
})
afterAll(() => Promise.all(processes.map((each) => each[Symbol.asyncDispose]())))

describe.each(setups)('50 writers in 8 processes, $title', ({ replicas, start }) => {
  let servers: AsyncDisposable & { readonly urls: readonly string[] }
  let options: NatsOptions
  beforeAll(async () => {
    servers = await start()
    options = { servers: servers.urls, namespace: 'writers', replicas, retryForMs: 60_000 }
    await Promise.all(processes.map((each) => each.obey({ do: 'open', options })))
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  async function appendAtOnce(order: Order & { do: 'append' }): Promise<AppendResult[]> {
    const obeying = processes.map((each, n) => each.obey(order, writersByProcess[n]))
    return (await Promise.all(obeying)).flat()
  }

  test(`of the same version: exactly 1 success each time, ${rounds} times`, async () => {
    const actorId = 'account-same'
    for (let expectedVersion = 0; expectedVersion < rounds; expectedVersion++) {
      const results = await appendAtOnce({ do: 'append', actorId, expectedVersion })
      const conflict = { actorId, expectedVersion, currentVersion: expectedVersion + 1 }
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect(results.filter((result) => !result.ok)).toEqual(
        Array(49).fill({ ok: false, conflict }),
      )
    }
    await using store = await nats(options).openStore()
    expect(await store.latestVersion(actorId)).toBe(rounds)
  })

  test("at 'any': all get in, one version each", async () => {
    const actorId = 'account-any'
    const results = await appendAtOnce({ do: 'append', actorId, expectedVersion: 'any' })
    const versions = results.map((result) => (result.ok ? result.version : result))
    const all = Array.from({ length: 50 }, (_, index) => index + 1)
    expect(versions.toSorted((a, b) => Number(a) - Number(b))).toEqual(all)
    await using store = await nats(options).openStore()
    const stored = await Array.fromAsync(store.read(actorId))
    expect(stored.map((event) => event.version)).toEqual(all)
  })
})

async function startOneServer(): Promise<AsyncDisposable & { readonly urls: readonly string[] }> {
  const server = await startNatsServer()
  return { urls: [server.url], [Symbol.asyncDispose]: () => server.stop() }
}
