import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePorts } from './free-ports.ts'
import { postgresPrograms } from './postgres-programs.ts'
import { until } from './until.ts'
import { Watchdog } from './watchdog.ts'

const run = promisify(execFile)
const host = '127.0.0.1'
const user = 'postgres'

/** A real PostgreSQL of its own, on this machine only; gone with its data once disposed. */
export interface PostgresServer extends AsyncDisposable {
  /** An empty database of its own: where it is reached. */
  newDatabase(): Promise<string>
}

/** Who runs the server. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

/** @throws Error that says how to get a server where there is none */
export async function startPostgres(): Promise<PostgresServer> {
  const owner = await ownerOf()
  const folder = await mkdtemp(join(tmpdir(), 'aether-postgres-'))
  await using started = new AsyncDisposableStack()
  const watchdog = started.adopt(new Watchdog(folder), (watchdog) => watchdog.close())
  started.defer(() => rm(folder, { recursive: true, force: true }))
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid ?? -1)
  const programs = await postgresPrograms(folder)
  const data = join(folder, 'data')
  const settings = ['-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(programs, 'initdb'), ['-D', data, ...settings], { ...owner, cwd: folder })
  const [port = 0] = await freePorts(host, 1)
  const log = join(folder, 'log')
  const output = openSync(log, 'a')
  // Its data goes with the test, so nothing needs to be on disk.
  const args = ['-D', data, '-p', String(port), '-h', host, '-k', folder, '-c', 'fsync=off']
  const server = spawn(join(programs, 'postgres'), args, {
    ...owner,
    cwd: folder,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  server.unref() // a forgotten server mustn't keep the test process alive
  watchdog.guard(server.pid)
  started.defer(() => stop(server))
  await untilReady({ port, log, server })
  return serverOn(port, started.move())
}

/** PostgreSQL refuses to run as root, who may run it as somebody else. */
async function ownerOf(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {}
  const { stdout } = await run('getent', ['passwd', 'nobody'])
  const [, , uid, gid] = stdout.split(':').map(Number)
  if (!uid || !gid)
    throw new Error('PostgreSQL refuses to run as root, and there is no user nobody')
  return { uid, gid }
}

interface Running {
  readonly port: number
  readonly log: string
  readonly server: ChildProcess
}

async function untilReady({ port, log, server }: Running): Promise<void> {
  const look = async (): Promise<'ready' | 'ended'> => {
    if (server.exitCode !== null) return 'ended'
    await query(port, 'SELECT 1')
    return 'ready'
  }
  const state = await until(look, { description: 'PostgreSQL is ready', timeoutMs: 60_000 })
  if (state === 'ended') throw new Error(`PostgreSQL ended:\n${readFileSync(log, 'utf8')}`)
}

function serverOn(port: number, started: AsyncDisposableStack): PostgresServer {
  let databases = 0
  return {
    async newDatabase() {
      const name = `test_${++databases}`
      await query(port, `CREATE DATABASE ${name}`)
      return urlOf(port, name)
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

async function query(port: number, text: string): Promise<void> {
  const client = new Client({ connectionString: urlOf(port, 'postgres') })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

function urlOf(port: number, database: string): string {
  return `postgresql://${user}@${host}:${port}/${database}`
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGQUIT') // at once: its data goes as well
  await ended
}
