import { existsSync } from 'node:fs'
import type { NatsOptions } from '../backends/nats/index.ts'
import { AetherError } from '../core/index.ts'
import type { Backend } from '../store/index.ts'
import { UsageError } from './usage-error.ts'

/**
 * The backend that an argument names: `sqlite:FILE`, `memory` or `nats://HOST:PORT/NAMESPACE`.
 * Only its own library is loaded.
 */
export async function parseBackend(argument: string): Promise<Backend> {
  if (argument === 'memory') return (await import('../backends/memory/index.ts')).memory()
  const file = sqliteFile(argument)
  if (file !== undefined) return sqliteBackend(file)
  if (/^(nats|tls):\/\//.test(argument)) return natsBackend(argument)
  throw new UsageError(
    `--backend ${JSON.stringify(argument)} is none of sqlite:FILE, memory, nats://HOST:PORT`,
  )
}

/**
 * {@link parseBackend}, of a store that is there.
 * @throws AetherError `store-unavailable`
 */
export async function existingBackend(argument: string): Promise<Backend> {
  const file = sqliteFile(argument)
  if (file && !existsSync(file))
    throw new AetherError(
      'store-unavailable',
      `there is no file ${file}: name the store with --backend`,
    )
  const backend = await parseBackend(argument)
  if (file === undefined) await backend.inspect?.()
  return backend
}

/** The file of `sqlite:FILE`; undefined for another kind of backend. */
export function sqliteFile(argument: string): string | undefined {
  return argument.startsWith('sqlite:') ? argument.slice('sqlite:'.length) : undefined
}

async function sqliteBackend(file: string): Promise<Backend> {
  if (file === '') throw new UsageError('--backend sqlite: needs a file, as in sqlite:bank.db')
  return (await import('../backends/sqlite/index.ts')).sqlite(file)
}

async function natsBackend(argument: string): Promise<Backend> {
  const options = parseNatsUrl(argument)
  const { nats, natsLogin } = await import('../backends/nats/index.ts')
  const isLogin = options.servers.some((server) => server.includes('@'))
  return nats({ ...options, ...(!isLogin && (await natsLogin(process.env))) })
}

type NatsArgument = Pick<NatsOptions, 'namespace' | 'replicas' | 'durability' | 'monitoring'> & {
  readonly servers: readonly string[]
}

const natsSettings: readonly string[] = [
  ...(['replicas', 'durability', 'monitoring'] satisfies (keyof NatsArgument)[]),
]

const natsUrl = /^(?<scheme>\w+:\/\/)(?<hosts>[^/?]+)(?:\/(?<namespace>[^?]*))?(?:\?(?<query>.*))?$/

function parseNatsUrl(argument: string): NatsArgument {
  const { scheme, hosts, namespace, query } = natsUrl.exec(argument)?.groups ?? {}
  if (!hosts)
    throw new UsageError('--backend nats:// needs a host, as in nats://127.0.0.1:4222/prod')
  const settings = new URLSearchParams(query)
  const unknown = [...settings.keys()].find((name) => !natsSettings.includes(name))
  if (unknown !== undefined)
    throw new UsageError(
      `--backend nats:// takes ?replicas=3, &durability=trust and &monitoring=http://HOST:8222, and no ${JSON.stringify(unknown)}`,
    )
  const replicas = settings.get('replicas')
  const durability = settings.get('durability') as NatsOptions['durability'] | null
  const monitoring = settings.getAll('monitoring').flatMap((addresses) => addresses.split(','))
  return {
    servers: hosts.split(',').map((host) => `${scheme}${host}`),
    ...(namespace && { namespace }),
    ...(replicas !== null && { replicas: Number(replicas) }),
    ...(durability && { durability }),
    ...(monitoring.length > 0 && { monitoring }),
  }
}
