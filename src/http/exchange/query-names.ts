import { AetherError } from '../../core/index.ts'
import type { Exchange } from './exchange.ts'
import { routeName } from './route-name.ts'
import { parseTarget } from './target.ts'

/** What can be asked for in the query of a GET, or of the method before the path. What isn't here takes none. */
const namesAt: Readonly<Record<string, readonly string[]>> = {
  '/actors/{type}/{key}': ['version'],
  '/actors/{type}/{key}/events': ['from', 'limit'],
  '/actors/{type}/{key}/{name}': ['input', 'version'],
  '/events': ['after', 'limit'],
  '/events/stream': ['after', 'type', 'key', 'event'],
  '/projections/{name}/parked': ['stack'],
  '/reminders': ['limit'],
  '/reminders/{type}/{key}': ['limit'],
  'DELETE /reminders/{type}/{key}/{name}': ['kind'],
  '/views/{name}': ['prefix', 'after', 'limit', 'reached'],
  '/views/{name}/{key}': ['reached'],
}

/** Whoever probes may add what it likes: nothing of their answers could be meant otherwise. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * Refuses a query with a name that would be passed over: a filter with a slip of the pen would let all
 * through.
 * @throws AetherError `invalid-argument`
 */
export function checkQueryNames({ method, target }: Exchange): void {
  if (!target.includes('?')) return
  const route = routeName(target)
  if (probes.has(route)) return
  const { segments, query } = parseTarget(target)
  const isGet = method === 'GET' || method === 'HEAD'
  const own = namesAt[isGet ? route : `${method} ${route}`] ?? []
  // The key of an actor or a document, where the path leaves it empty.
  const known = segments.includes('') ? [...own, 'key'] : own
  const unknown = query.names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  const sent = unknown.map((name) => JSON.stringify(name)).join(', ')
  const message =
    known.length === 0
      ? `this takes no query, but ${sent} was sent`
      : `the query knows ${known.join(', ')} here, not ${sent}`
  throw new AetherError('invalid-argument', message)
}
