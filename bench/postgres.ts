import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../test/support/free-ports.ts'
import { until } from '../test/support/until.ts'
import { Watchdog } from '../test/support/watchdog.ts'
import { findPostgres } from './postgres-programs.ts'

const run = promisify(execFile)
const host = '127.0.0.1'
const user = 'postgres'

/** A PostgreSQL of its own with its default settings, gone with its data once disposed. */
export interface PostgresServer extends AsyncDisposable {
  /** For clients: address, port and user. */
  readonly environment: Readonly<Record<string, string>>
  /** An empty database, and where it's reached. */
  newDatabase(): Promise<Database>
  /** How a program of PostgreSQL is run against this server. */
  run(program: string, args: readonly string[], environment?: Record<string, string>): Promise<void>
}

export interface Database {
  readonly name: string
  readonly url: string
}

/** The owner of the server's process. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPostgres()
  const owner = await ownerOf()
  const folder = await mkdtemp(join(tmpdir(), 'aether-postgres-'))
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid ?? -1)
  const [port = 0] = await freePorts(host, 1)
  const data = join(folder, 'data')
  await run(join(programs, 'initdb'), ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8'], {
    ...owner,
    cwd: folder,
  })
  const args = ['-D', data, '-p', String(port), '-h', host, '-k', folder]
  const server = spawn(join(programs, 'postgres'), args, { ...owner, cwd: folder, stdio: 'ignore' })
  const watchdog = new Watchdog(folder)
  watchdog.guard(server.pid)
  const postgres = postgresOn({ programs, port, folder, server, watchdog })
  await until(() => isReady(postgres), { description: 'PostgreSQL is ready', timeoutMs: 30_000 })
  return postgres
}

/** PostgreSQL refuses to run as root. */
async function ownerOf(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {}
  const { stdout } = await run('getent', ['passwd', 'postgres', 'nobody']).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  )
  const [, , uid, gid] = (stdout.split('\n')[0] ?? '').split(':').map(Number)
  return uid === undefined || gid === undefined ? {} : { uid, gid }
}

interface Running {
  readonly programs: string
  readonly port: number
  readonly folder: string
  readonly server: ChildProcess
  readonly watchdog: Watchdog
}

function postgresOn({ programs, port, folder, server, watchdog }: Running): PostgresServer {
  const environment = { PGHOST: host, PGPORT: String(port), PGUSER: user }
  let databases = 0
  const postgres: PostgresServer = {
    environment,
    async run(program, args, more = {}) {
      const PATH = `${programs}:${process.env['PATH'] ?? ''}`
      await run(program, args, { env: { ...process.env, ...environment, PATH, ...more } })
    },
    async newDatabase() {
      const name = `bench_${++databases}`
      await postgres.run('createdb', [name])
      return { name, url: `postgresql://${user}@${host}:${port}/${name}` }
    },
    async [Symbol.asyncDispose]() {
      const ended = once(server, 'exit')
      server.kill('SIGINT') // ends the connections of clients as well
      await ended
      watchdog.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return postgres
}

async function isReady(postgres: PostgresServer): Promise<boolean> {
  return postgres.run('psql', ['-c', 'SELECT 1', 'postgres']).then(
    () => true,
    () => false,
  )
}
