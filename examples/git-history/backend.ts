import type { Backend } from 'aether'
import { Problem } from './problem.ts'

/**
 * The backend that an argument names: `sqlite:FILE`, `memory` or `nats://HOST:PORT/NAMESPACE`.
 * Only its own library is loaded.
 * @throws Problem for anything else
 */
export async function parseBackend(argument: string): Promise<Backend> {
  if (argument === 'memory') return (await import('aether/memory')).memory()
  const file = /^sqlite:(.+)$/s.exec(argument)?.[1]
  if (file) return (await import('aether/sqlite')).sqlite(file)
  const address = /^((?:nats|tls):\/\/[^/]+)(?:\/([^/]+)?)?$/.exec(argument)
  if (!address) throw unknown(argument)
  const [, servers = '', namespace] = address
  return (await import('aether/nats')).nats({ servers, ...(namespace && { namespace }) })
}

function unknown(argument: string): Problem {
  const known = 'sqlite:FILE, memory, nats://HOST:PORT or nats://HOST:PORT/NAMESPACE'
  return new Problem(`--backend ${JSON.stringify(argument)} is none of ${known}`, { exitCode: 2 })
}
