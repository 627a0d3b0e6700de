import { readFileSync } from 'node:fs'
import type { NatsOptions } from '../backends/nats/index.ts'
import { messageOf } from '../core/index.ts'
import { UsageError } from './usage-error.ts'

type Login = Pick<NatsOptions, 'user' | 'pass' | 'token' | 'authenticator' | 'tls'>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * How to log in at nats-server, by the variables that its own `nats` command takes: what stands on a
 * command line, all users of the machine see.
 * @param isInAddress then only TLS is taken from the environment
 * @throws UsageError where a file can't be read
 */
export async function natsLogin(env: Environment, isInAddress: boolean): Promise<Login> {
  return { ...tlsOf(env), ...(!isInAddress && (await userOf(env))) }
}

function tlsOf(env: Environment): Login {
  const { NATS_CA: caFile, NATS_CERT: certFile, NATS_KEY: keyFile } = env
  if (!caFile && !certFile && !keyFile) return {}
  return {
    tls: { ...(caFile && { caFile }), ...(certFile && { certFile, keyFile: keyFile ?? '' }) },
  }
}

async function userOf(env: Environment): Promise<Login> {
  const { NATS_USER: user, NATS_PASSWORD: pass, NATS_TOKEN: token } = env
  const authenticator = await authenticatorOf(env)
  if (authenticator) return { authenticator }
  if (token) return { token }
  return user ? { user, ...(pass && { pass }) } : {}
}

async function authenticatorOf({
  NATS_CREDS: creds,
  NATS_NKEY: nkey,
}: Environment): Promise<Login['authenticator']> {
  if (!creds && !nkey) return undefined
  // Whether the package is there, the backend tells.
  const library = await import('@nats-io/transport-node').catch(() => undefined)
  if (!library) return undefined
  if (creds) {
    fileIn('NATS_CREDS', creds)
    return library.credsAuthenticator(() => fileIn('NATS_CREDS', creds))
  }
  const seed = fileIn('NATS_NKEY', nkey ?? '')
    .toString()
    .trim()
  return library.nkeyAuthenticator(new TextEncoder().encode(seed))
}

function fileIn(name: string, file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new UsageError(`${name} must name a file that can be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}
