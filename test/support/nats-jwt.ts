import { nkeys } from '@nats-io/transport-node'

/** JWTs of an operator, two accounts and their users, as `nsc` makes them. */
export class NatsOperator {
  readonly #operator = nkeys.createOperator()
  readonly #system = nkeys.createAccount()
  readonly #account = nkeys.createAccount()

  /** For the server: all it needs to know of the operator, who is no user of any. */
  get config(): string {
    const [system, account] = [this.#system, this.#account].map((pair) => pair.getPublicKey())
    return `operator: ${signed(this.#operator, this.#operator, { type: 'operator' })}
system_account: ${system}
resolver: MEMORY
resolver_preload {
  ${system}: ${signed(this.#operator, this.#system, { type: 'account', limits })}
  ${account}: ${signed(this.#operator, this.#account, { type: 'account', limits: { ...limits, ...ofJetStream } })}
}`
  }

  /**
   * The content of a `.creds` file of a new user, who may do all that `permissions` has, until
   * `expires` in s since 1970.
   */
  creds({ expires, permissions }: NatsUser = {}): Uint8Array {
    const user = nkeys.createUser()
    const { publish: pub = {}, subscribe: sub = {} } = permissions ?? {}
    const may = { pub, sub, subs: -1, data: -1, payload: -1 }
    const jwt = signed(this.#account, user, { type: 'user', ...may }, expires)
    const seed = new TextDecoder().decode(user.getSeed())
    return new TextEncoder().encode(
      `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`,
    )
  }
}

interface NatsUser {
  readonly expires?: number
  /** @default no limits */
  readonly permissions?: { readonly publish: object; readonly subscribe: object }
}

type KeyPair = ReturnType<typeof nkeys.createUser>

const counts = ['subs', 'data', 'payload', 'imports', 'exports', 'conn', 'leaf'] as const
const limits = { ...Object.fromEntries(counts.map((name) => [name, -1])), wildcards: true }
const ofJetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }

function signed(issuer: KeyPair, subject: KeyPair, claims: object, expires?: number): string {
  const of = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    ...(expires !== undefined && { exp: expires }),
    nats: { ...claims, version: 2 },
  }
  const text = [{ typ: 'JWT', alg: 'ed25519-nkey' }, of].map(encoded).join('.')
  const signature = issuer.sign(new TextEncoder().encode(text))
  return `${text}.${Buffer.from(signature).toString('base64url')}`
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function block(title: string, content: string): string {
  return `-----BEGIN ${title}-----\n${content}\n------END ${title}------\n`
}
