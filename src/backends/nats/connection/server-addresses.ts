import { AetherError } from '../../../core/index.ts'

/** Where the servers are, apart from how to log in there: the one may be shown, the other not. */
export interface ServerAddresses {
  /** `127.0.0.1:4222` */
  readonly hosts: readonly string[]
  /** The first login that an address carries; the NATS client ignores it there. */
  readonly login: { readonly user?: string; readonly pass?: string; readonly token?: string }
  /** True where an address says `tls://`, which the NATS client takes for `nats://`. */
  readonly needsTls: boolean
}

const defaultPort = '4222'

/** @throws AetherError `invalid-argument`, without showing what may be a password. */
export function parseServers(servers: string | readonly string[]): ServerAddresses {
  const urls = (typeof servers === 'string' ? [servers] : [...(servers ?? [])]).map(parseServer)
  if (urls.length === 0) {
    throw new AetherError('invalid-argument', 'servers must name at least one server')
  }
  const carrier = urls.find((url) => url.username !== '')
  return {
    hosts: urls.map((url) => `${url.hostname}:${url.port || defaultPort}`),
    login: carrier ? loginIn(carrier) : {},
    needsTls: urls.some((url) => url.protocol === 'tls:'),
  }
}

function parseServer(text: string): URL {
  const url = URL.parse(typeof text === 'string' && text.includes('://') ? text : `nats://${text}`)
  const isServer =
    url !== null &&
    ['nats:', 'tls:'].includes(url.protocol) &&
    url.hostname !== '' &&
    ['', '/'].includes(url.pathname + url.search + url.hash)
  if (isServer) return url
  throw new AetherError(
    'invalid-argument',
    `${JSON.stringify(redact(String(text)))} is not the address of a NATS server: expected nats://host:${defaultPort}`,
  )
}

function loginIn({ username, password }: URL): ServerAddresses['login'] {
  const user = decodePercents(username)
  return password ? { user, pass: decodePercents(password) } : { token: user }
}

function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a lone % stands for itself
  }
}

/** Everything up to the last `@` may be a login, however broken the address is. */
function redact(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?.*@/s, '$1***@')
}
