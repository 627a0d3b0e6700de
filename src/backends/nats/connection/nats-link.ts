import type { NatsConnection } from '@nats-io/transport-node'
import { type AetherError, isAetherError, systemClock } from '../../../core/index.ts'
import type { ClientLibrary } from './client-library.ts'
import type { LinkObserver } from './link-observer.ts'
import { ServerPulse } from './server-pulse.ts'

/** The request was handed to the client before the connection broke: it may have been carried out. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'

  constructor() {
    super('the connection was lost')
  }
}

/** There was no connection, and nothing was handed to the client. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected'
}

/** After a new connection was refused here, it is looked again so long after. */
const checkAgainMs = 500

/**
 * The connection to NATS, watched. The client drops what is published while it is disconnected, and
 * lets requests under way wait for their time-out; here both end at once, told apart.
 */
export class NatsLink {
  readonly nats: NatsConnection
  /** A subject of its own for answers, each time: on no other may the login listen. */
  readonly newInbox: () => string
  /** Whether the server was silent. */
  readonly pulse: ServerPulse
  readonly #transport: ClientLibrary['transport']
  #isConnected = true
  /** Why the server didn't take us in again, last time. */
  #refusal: Error | undefined
  #distrust: AetherError | undefined
  #check: () => Promise<void> = async () => {}
  /** How often it was made, or lost. */
  #changes = 0
  readonly #closing = new AbortController()
  #maxPayload: number
  readonly #onLost = new Set<() => void>()
  readonly #observers: LinkObserver[] = []
  readonly #onChange = new Set<() => void>()

  constructor({ transport }: ClientLibrary, nats: NatsConnection, inboxes: string) {
    this.nats = nats
    this.#transport = transport
    this.newInbox = () => transport.createInbox(inboxes)
    this.#maxPayload = nats.info?.max_payload ?? Infinity
    this.pulse = new ServerPulse(this)
    void this.#watch()
  }

  /** The most bytes of headers and body together that the server takes, as last heard. */
  get maxPayload(): number {
    return this.#maxPayload
  }

  /** Whether what is sent now is sent at all, as far as it is known. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  /** Why the server isn't talked to, though there is a connection: waiting is of no use. */
  get distrust(): AetherError | undefined {
    return this.#distrust
  }

  /** True from the moment on when no further reconnection is waited for. */
  get isClosing(): boolean {
    return this.closing.aborted
  }

  /** Ends whatever is of no use from then on. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * Sends, and gives the answer.
   * @throws NotConnected before sending, and the reason of {@link distrust}; ConnectionLost after it; the
   * signal's reason; and whatever sending throws.
   */
  async attempt<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#distrust) throw this.#distrust
    if (!this.#isConnected) throw this.notConnected()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const lost = (): void => reject(new ConnectionLost())
    const aborted = (): void => reject(signal?.reason as Error)
    this.#onLost.add(lost)
    signal?.addEventListener('abort', aborted, { once: true })
    try {
      send().then(resolve, reject)
      return await promise
    } finally {
      this.#onLost.delete(lost)
      signal?.removeEventListener('abort', aborted)
    }
  }

  /** What to say while there is no connection. */
  notConnected(): NotConnected {
    const cause = this.#refusal
    if (!cause) return new NotConnected('not connected')
    return new NotConnected(`the server refuses the login: ${cause.message}`, { cause })
  }

  /** Calls once when the connection is lost or closed; the answer takes that back. */
  onceLost(callback: () => void): () => void {
    this.#onLost.add(callback)
    if (!this.#isConnected) callback()
    return () => this.#onLost.delete(callback)
  }

  /**
   * Lets no new connection count before this resolves; where it rejects, it is called again, for ever. An
   * AetherError of it is what everybody is told until then.
   */
  demand(check: () => Promise<void>): void {
    this.#check = check
  }

  /** Tells the observer everything, as long as the link lives. */
  observe(observer: LinkObserver): void {
    this.#observers.push(observer)
  }

  /** Resolves with whether there is a connection that counts, after `timeoutMs` at the latest. */
  async untilConnected(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const enough = new AbortController()
    const changed = (): void => {
      if (this.#isConnected || this.#distrust || this.isClosing) enough.abort()
    }
    this.#onChange.add(changed)
    changed()
    try {
      const signals = signal ? [signal, enough.signal] : [enough.signal]
      await systemClock.sleep(timeoutMs, AbortSignal.any(signals)).catch(() => undefined)
    } finally {
      this.#onChange.delete(changed)
    }
    signal?.throwIfAborted()
    return this.#isConnected
  }

  /** Ends all waiting for a reconnection. What is under way on a standing connection goes on. */
  beginClosing(): void {
    this.#closing.abort('closed') // without a reason, it would make an error with a stack
    this.#tellChange()
  }

  /** Ends the connection at once: whatever is under way fails. Idempotent. */
  async close(): Promise<void> {
    this.beginClosing()
    await this.nats.close()
    this.#lose()
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.#lose()
      if (status.type === 'reconnect') void this.#admit(++this.#changes)
      if (status.type === 'error') this.#note(status.error)
    }
    this.beginClosing()
    this.#lose()
  }

  #note(error: Error): void {
    for (const { failed } of this.#observers) failed(error)
    // It's said while the connection stands still, or while it's made again.
    const { AuthorizationError, UserAuthenticationExpiredError } = this.#transport
    const isRefusal =
      error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError
    if (isRefusal) this.#refusal = error
  }

  /** By requests of its own, as all others wait for what comes of it. */
  async #admit(change: number): Promise<void> {
    const isOver = (): boolean => this.#changes !== change || this.isClosing
    while (!isOver()) {
      const refusal = await this.#check().catch((error: unknown) => error)
      if (isOver()) return
      if (!refusal) return this.#recover()
      this.#distrust = isAetherError(refusal) ? refusal : undefined
      this.#tellChange()
      await systemClock.sleep(checkAgainMs, this.closing).catch(() => undefined)
    }
  }

  #lose(): void {
    this.#changes++
    this.#distrust = undefined
    this.#isConnected = false
    for (const tell of [...this.#onLost]) tell()
    this.#onLost.clear()
    for (const { lost } of this.#observers) lost(new ConnectionLost())
    this.#tellChange()
  }

  #recover(): void {
    this.#isConnected = true
    this.#distrust = undefined
    this.#refusal = undefined
    this.#maxPayload = this.nats.info?.max_payload ?? this.#maxPayload
    for (const { recovered } of this.#observers) recovered?.()
    this.#tellChange()
  }

  #tellChange(): void {
    for (const tell of [...this.#onChange]) tell()
  }
}
