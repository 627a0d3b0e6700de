/**
 * Real `nats-server`s for tests: single ones and clusters of three, on this machine only.
 *
 * They can be killed, paused and restarted, and are gone with their data when they are stopped,
 * or when the test process ends, however it does.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { findNatsServer } from '../../scripts/nats-server.ts'
import { freePorts } from './free-ports.ts'
import { isFrozen } from './is-frozen.ts'
import { until } from './until.ts'
import { Watchdog } from './watchdog.ts'

const HOST = '127.0.0.1'
const CLUSTER_SIZE = 3

/** How often it's tried again with other ports when somebody else took the chosen ones first. */
const MAX_PORT_CLASHES = 5

/** How long the readiness check waits for a connection, and for the creation of its stream. */
const PROBE_TIMEOUT_MS = 2_000

/** A cluster without a leader stays silent, so that it's asked whether it has one now. */
const LEADER_PROBE_TIMEOUT_MS = 250

const EXIT_TIMEOUT_MS = 60_000

/** How long a start may take on a machine that has much else to do. */
const READY_TIMEOUT_MS = 60_000

export interface NatsServerOptions {
  /**
   * Lines for the server's configuration file, such as `jetstream { sync_interval: always }`.
   * Names, addresses and store folders are the harness's, whatever stands here.
   */
  readonly config?: string
  /** The largest message, in bytes. @default 1048576, the server's own */
  readonly maxPayload?: number
  /** Whom the readiness check logs in as, needed where `config` demands a login or TLS. */
  readonly credentials?: NatsCredentials
  /** How long a start or a restart may take, in ms. @default 60000 */
  readonly readyTimeoutMs?: number
}

export type NatsCredentials = Pick<
  NodeConnectionOptions,
  'user' | 'pass' | 'token' | 'authenticator' | 'tls'
>

/** One server with JetStream, ready to use. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  return withFreePorts(1, async ([port = 0]) => {
    const server = await NatsServer.create({
      name: `n1-${uniqueSuffix()}`,
      port,
      options,
      clusterArgs: [],
      expectsJetStream: () => true,
    })
    return startOrStop(server)
  })
}

/** Three servers with JetStream that have found each other, ready for streams of three replicas. */
export async function startNatsCluster(options: NatsServerOptions = {}): Promise<NatsCluster> {
  return withFreePorts(2 * CLUSTER_SIZE, async (ports) => {
    const cluster = await NatsCluster.create(ports, options)
    return startOrStop(cluster)
  })
}

async function startOrStop<T extends NatsServer | NatsCluster>(created: T): Promise<T> {
  try {
    await created.restart()
    return created
  } catch (error) {
    await created.stop()
    throw error
  }
}

interface ServerPlan {
  readonly name: string
  readonly port: number
  readonly options: NatsServerOptions
  /** What makes it part of a cluster. */
  readonly clusterArgs: readonly string[]
  /** Whether enough servers run for JetStream to answer. */
  expectsJetStream(): boolean
}

class ServerEnded extends Error {
  override readonly name = 'ServerEnded'
  readonly portClash: boolean

  constructor(server: string, log: string) {
    super(`nats-server ${server} ended instead of getting ready; its log ends with:\n${log}`)
    this.portClash = log.includes('address already in use')
  }
}

/** A server of its own, in its own folder. */
export class NatsServer implements AsyncDisposable {
  /** Unique; JetStream calls leaders and replicas by these names. */
  readonly name: string
  /** Stays the same over restarts. */
  readonly port: number
  readonly url: string
  /** Holds everything of this server: configuration, log and store. */
  readonly folder: string
  readonly #plan: ServerPlan
  readonly #program: string
  readonly #watchdog: Watchdog
  #process: ChildProcess | undefined
  #paused = false
  #stopped: Promise<void> | undefined

  private constructor(plan: ServerPlan, program: string, folder: string) {
    this.name = plan.name
    this.port = plan.port
    this.url = `nats://${HOST}:${plan.port}`
    this.folder = folder
    this.#plan = plan
    this.#program = program
    this.#watchdog = new Watchdog(folder)
  }

  /** Not running yet: the harness's own, see `startNatsServer`. */
  static async create(plan: ServerPlan): Promise<NatsServer> {
    const program = await natsServerProgram()
    const folder = await mkdtemp(join(tmpdir(), 'aether-nats-'))
    const server = new NatsServer(plan, program, folder)
    const { config = '', maxPayload } = plan.options
    const limit = maxPayload === undefined ? '' : `max_payload: ${maxPayload}\n`
    await writeFile(server.#configuration, `${limit}${config}\n`)
    return server
  }

  /** Undefined while there is no process, which a paused one is. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Whether it can answer: neither ended nor paused. */
  get running(): boolean {
    return this.#process !== undefined && !this.#paused
  }

  /** The last lines that the server logged. */
  logTail(): string {
    try {
      return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-30).join('\n')
    } catch {
      return '(no log)'
    }
  }

  /** Ends it with SIGKILL, as a crash does; port and store are left for `restart()`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Gives it another configuration, as `config` is one, while it runs. */
  async reload(config: string): Promise<void> {
    // A reload forgets the name that was given as an argument, alone among them.
    await writeFile(this.#configuration, `server_name: ${this.name}\n${config}\n`)
    const reloads = (): number => this.#count('Reloaded server configuration')
    const before = reloads()
    this.#signal('SIGHUP')
    await untilOrLog(
      () => reloads() > before,
      { description: `nats-server ${this.name} has reloaded`, timeoutMs: EXIT_TIMEOUT_MS },
      [this],
    )
  }

  /**
   * Starts it again with its port and its store, after a clean end if it still runs. Resolves when
   * JetStream answers, but in a cluster without a majority as soon as the server takes connections.
   */
  async restart(): Promise<void> {
    this.#process?.kill('SIGCONT') // frozen, it would never see the request to end
    await this.#end('SIGTERM')
    this.#launch()
    await this.#untilReady()
  }

  /** Freezes it with SIGSTOP: its connections stay open, and nothing more is answered. */
  async pause(): Promise<void> {
    const { pid } = this.#signal('SIGSTOP')
    this.#paused = true
    await until(() => pid === undefined || isFrozen(pid), {
      description: `nats-server ${this.name} is frozen`,
    })
  }

  resume(): void {
    this.#signal('SIGCONT')
    this.#paused = false
  }

  /** Ends it and deletes its folder, for good. Idempotent. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#endForGood())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #count(words: string): number {
    return readFileSync(this.#log, 'utf8').split(words).length - 1
  }

  get #configuration(): string {
    return join(this.folder, 'nats.conf')
  }

  get #log(): string {
    return join(this.folder, 'nats.log')
  }

  /** Arguments win over the configuration file, whatever the test put there. */
  get #args(): string[] {
    const { name, port, clusterArgs } = this.#plan
    const store = join(this.folder, 'store')
    const identity = ['--config', this.#configuration, '--name', name]
    const address = ['--addr', HOST, '--port', String(port)]
    return [...identity, ...address, '--jetstream', '--store_dir', store, ...clusterArgs]
  }

  #launch(): void {
    if (this.#stopped) {
      throw new Error(`nats-server ${this.name} was stopped for good; use kill() before a restart`)
    }
    const log = openSync(this.#log, 'a')
    const launched = spawn(this.#program, this.#args, { stdio: ['ignore', log, log] })
    closeSync(log)
    launched.unref() // a forgotten server mustn't keep the test process alive
    this.#process = launched
    this.#watchdog.guard(launched.pid)
    launched.once('exit', () => {
      this.#process = undefined
      this.#paused = false
      this.#watchdog.guard(undefined)
    })
  }

  async #untilReady(): Promise<void> {
    const { readyTimeoutMs = READY_TIMEOUT_MS } = this.#plan.options
    const outcome = await untilOrLog(
      async () => (this.#process ? (await this.#isReady()) && 'ready' : 'ended'),
      { description: `nats-server ${this.name} is ready`, timeoutMs: readyTimeoutMs },
      [this],
    )
    if (outcome === 'ended') throw new ServerEnded(this.name, this.logTail())
  }

  async #isReady(): Promise<boolean> {
    await using connection = await probe([this.url], this.#plan.options.credentials)
    // Another process's server may hold the port, while this one is about to end for it.
    if (connection.nats.info?.server_name !== this.name) return false
    if (this.#plan.expectsJetStream()) await connection.jetStream()
    return true
  }

  #signal(signal: NodeJS.Signals): ChildProcess {
    if (!this.#process) throw new Error(`nats-server ${this.name} isn't running; restart() it`)
    this.#process.kill(signal)
    return this.#process
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal)
    await untilOrLog(
      () => this.#process === undefined,
      { description: `nats-server ${this.name} ends on ${signal}`, timeoutMs: EXIT_TIMEOUT_MS },
      [this],
    )
  }

  async #endForGood(): Promise<void> {
    await this.#end('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
    this.#watchdog.close()
  }
}

/** Three servers that replicate to each other. */
export class NatsCluster implements AsyncDisposable {
  readonly nodes: readonly NatsServer[]
  readonly #options: NatsServerOptions

  private constructor(nodes: readonly NatsServer[], options: NatsServerOptions) {
    this.nodes = nodes
    this.#options = options
  }

  /**
   * Not running yet: the harness's own, see `startNatsCluster`. The first half of the ports is for
   * clients, the second for the routes between the nodes.
   */
  static async create(ports: readonly number[], options: NatsServerOptions): Promise<NatsCluster> {
    const suffix = uniqueSuffix()
    const routes = ports.slice(CLUSTER_SIZE).map((port) => `nats://${HOST}:${port}`)
    const nodes: NatsServer[] = []
    for (const [index, route] of routes.entries()) {
      const others = routes.filter((other) => other !== route).join(',')
      const node = await NatsServer.create({
        name: `n${index + 1}-${suffix}`,
        port: ports[index] ?? 0,
        options,
        clusterArgs: ['--cluster_name', `aether-${suffix}`, '--cluster', route, '--routes', others],
        expectsJetStream: () => nodes.filter((peer) => peer.running).length > CLUSTER_SIZE / 2,
      })
      nodes.push(node)
    }
    return new NatsCluster(nodes, options)
  }

  get urls(): string[] {
    return this.nodes.map((node) => node.url)
  }

  /** Of the nodes that have a process. */
  get pids(): number[] {
    return this.nodes.flatMap((node) => node.pid ?? [])
  }

  /** The node of that name, which is what JetStream calls a leader. */
  node(name: string): NatsServer {
    const found = this.nodes.find((node) => node.name === name)
    if (found) return found
    const names = this.nodes.map((node) => node.name).join(', ')
    throw new Error(`the cluster has no node ${name}, but ${names}`)
  }

  /** Resolves when a stream with a replica on every node can be created. All nodes must run. */
  async ready(): Promise<void> {
    const missing = this.nodes.filter((node) => !node.running).map((node) => node.name)
    if (missing.length > 0) {
      throw new Error(`the cluster can't get ready: restart() or resume() ${missing.join(', ')}`)
    }
    const { readyTimeoutMs = READY_TIMEOUT_MS } = this.#options
    await untilOrLog(
      () => this.#replicatesEverywhere(),
      { description: 'the cluster replicates a stream to all nodes', timeoutMs: readyTimeoutMs },
      this.nodes,
    )
  }

  /** Kills all nodes, as a power cut does. */
  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
  }

  /**
   * Restarts all nodes and waits until the cluster is `ready()`. The streams of before elect their
   * leaders on their own, which may take some seconds more.
   */
  async restart(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.restart()))
    await this.ready()
  }

  /** Ends all nodes and deletes their folders, for good. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The same stream in every look, so that a look that got no answer leaves nothing behind. */
  async #replicatesEverywhere(): Promise<boolean> {
    await using connection = await probe(this.urls, this.#options.credentials)
    const { streams } = await connection.jetStream()
    const name = 'aether-readiness-probe'
    await streams.add({ name, subjects: [name], num_replicas: CLUSTER_SIZE, storage: 'memory' })
    return await streams.delete(name)
  }
}

interface Probe extends AsyncDisposable {
  readonly nats: NatsConnection
  /** Rejects unless JetStream answers now. */
  jetStream(): Promise<JetStreamManager>
}

async function probe(servers: string[], credentials: NatsCredentials = {}): Promise<Probe> {
  const nats = await connect({
    ...credentials,
    servers,
    timeout: PROBE_TIMEOUT_MS,
    reconnect: false,
    ignoreClusterUpdates: true,
  })
  return {
    nats,
    async jetStream() {
      await jetstreamManager(nats, { timeout: LEADER_PROBE_TIMEOUT_MS })
      return jetstreamManager(nats, { timeout: PROBE_TIMEOUT_MS, checkAPI: false })
    },
    [Symbol.asyncDispose]: () => nats.close(),
  }
}

/** `until`, whose failure shows the logs of the servers that are to blame. */
async function untilOrLog<T>(
  condition: () => T | Promise<T>,
  wait: { description: string; timeoutMs: number },
  servers: readonly NatsServer[],
): Promise<T> {
  try {
    return await until(condition, wait)
  } catch (error) {
    const logs = servers.map((server) => `--- log of ${server.name}\n${server.logTail()}`)
    throw new Error(`${String(error)}\n${logs.join('\n')}`, { cause: error })
  }
}

let program: Promise<string> | undefined

/** Looked for once per test process. */
function natsServerProgram(): Promise<string> {
  return (program ??= findNatsServer())
}

function uniqueSuffix(): string {
  return randomBytes(4).toString('hex')
}

/**
 * Gives `use` ports that were free a moment ago. Nobody can reserve a port for another process, so
 * that it's done again with other ports when somebody was faster.
 */
async function withFreePorts<T>(
  count: number,
  use: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  for (let clashes = 0; ; clashes++) {
    try {
      return await use(await freePorts(HOST, count))
    } catch (error) {
      const isClash = error instanceof ServerEnded && error.portClash
      if (!isClash || clashes === MAX_PORT_CLASHES) throw error
    }
  }
}
