import { AetherError, messageOf } from '../../../core/index.ts'
import type { ClientLibrary } from './client-library.ts'
import type { NatsSettings } from './nats-options.ts'
import { AuthenticatorFailed } from './steady-authenticator.ts'

/** Why there is no connection, and what to do about it. */
export function connectionRefusal(
  cause: unknown,
  { transport }: ClientLibrary,
  { addresses, credentials }: NatsSettings,
): AetherError {
  const where = addresses.hosts.join(', ')
  const { AuthorizationError, ConnectionError, UserAuthenticationExpiredError } = transport.errors
  if (cause instanceof AuthenticatorFailed)
    return incompatible(`the authenticator for ${where} failed: ${messageOf(cause.cause)}`, cause)
  if (cause instanceof UserAuthenticationExpiredError)
    return incompatible(`the login at ${where} has expired: renew its credentials`, cause)
  if (cause instanceof AuthorizationError) {
    const advice = 'set user and pass, token or authenticator, or tls with a certificate'
    return incompatible(`nats-server at ${where} refuses the login: ${advice}`, cause)
  }
  // The client has this class also for files that it can't read, and a server without TLS.
  const usesTls = credentials.tls != null || addresses.needsTls
  const isSetup = usesTls && cause instanceof ConnectionError && cause.message !== refused
  if (isSetup || isOfTls(cause)) {
    const advice =
      'correct tls: { caFile } for the CA, { certFile, keyFile } for your own certificate'
    return incompatible(
      `no TLS with nats-server at ${where} (${messageOf(cause)}): ${advice}`,
      cause,
    )
  }
  const hint = usesTls ? ', with tls: { certFile, keyFile } if it demands a certificate' : ''
  return new AetherError(
    'store-unavailable',
    `no nats-server answers at ${where} (${messageOf(cause)}): start one there with nats-server -js, or correct servers${hint}`,
    { cause },
  )
}

const refused = 'connection refused'

/** The codes of Node's `tls` and of OpenSSL's certificate checks. */
function isOfTls(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { code?: unknown }
  return (
    typeof code === 'string' &&
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_)/.test(
      code,
    )
  )
}

function incompatible(message: string, cause: unknown): AetherError {
  return new AetherError('incompatible-store', message.trim(), { cause })
}
