import type { Authenticator } from '@nats-io/transport-node'

/** What the caller's authenticator threw. */
export class AuthenticatorFailed extends Error {
  override readonly name = 'AuthenticatorFailed'
}

/** A login that no server lets in, not even one that takes in who has none. */
const nobody = { user: 'aether-authenticator-failed', pass: '-' } as const

/**
 * The client gives up for good when an authenticator throws, so that a file of credentials that is
 * away for a moment would end the store. After the first connection, one that throws is refused by
 * the server instead, and asked again with the next try.
 */
export class SteadyAuthenticator {
  #isFirst = true

  /** From now on nothing is thrown. */
  connected(): void {
    this.#isFirst = false
  }

  /** @throws AuthenticatorFailed until there was a connection. */
  guard(authenticator: Authenticator): Authenticator {
    return (nonce) => {
      try {
        return authenticator(nonce)
      } catch (cause) {
        if (!this.#isFirst) return nobody
        throw new AuthenticatorFailed('the authenticator failed', { cause })
      }
    }
  }
}
