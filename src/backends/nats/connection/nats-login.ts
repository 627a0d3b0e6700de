import { readFileSync } from 'node:fs'
import { AetherError, messageOf } from '../../../core/index.ts'
import { loadClientLibrary } from './client-library.ts'
import type { NatsCredentials } from './nats-options.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * How to log in, by the variables that the `nats` command takes: `NATS_USER` and `NATS_PASSWORD`,
 * `NATS_TOKEN`, or a file's name in `NATS_CREDS` or `NATS_NKEY`; and for TLS, those of files in `NATS_CA`,
 * `NATS_CERT` and `NATS_KEY`. Credentials are read again with each connection.
 * @throws AetherError `invalid-argument` where a file can't be read, `missing-dependency`
 */
export async function natsLogin(env: Environment): Promise<NatsCredentials> {
  return { ...tlsOf(env), ...(await userOf(env)) }
}

function tlsOf({ NATS_CA: caFile, NATS_CERT: certFile, NATS_KEY: keyFile }: Environment) {
  if (!caFile && !certFile && !keyFile) return {}
  const files = { ...(caFile && { caFile }), ...(certFile && { certFile }) }
  return { tls: { ...files, ...(keyFile && { keyFile }) } }
}

async function userOf(env: Environment): Promise<NatsCredentials> {
  const { NATS_USER: user, NATS_PASSWORD: pass, NATS_TOKEN: token } = env
  const { NATS_CREDS: creds, NATS_NKEY: nkey } = env
  if (creds) {
    const { transport } = await loadClientLibrary()
    fileIn('NATS_CREDS', creds)
    return { authenticator: transport.credsAuthenticator(() => fileIn('NATS_CREDS', creds)) }
  }
  if (nkey) {
    const { transport } = await loadClientLibrary()
    const seed = new TextDecoder().decode(fileIn('NATS_NKEY', nkey)).trim()
    return { authenticator: transport.nkeyAuthenticator(new TextEncoder().encode(seed)) }
  }
  if (token) return { token }
  return user ? { user, ...(pass && { pass }) } : {}
}

function fileIn(name: string, file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    const message = `${name} must name a file that can be read: ${messageOf(cause)}`
    throw new AetherError('invalid-argument', message, { cause })
  }
}
