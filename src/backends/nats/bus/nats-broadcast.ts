import type { Subscription } from '@nats-io/transport-node'
import { AetherError, messageOf } from '../../../core/index.ts'
import type { Address, AddressPattern, Broadcast, BroadcastObserver } from '../../../store/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { Outflow } from '../connection/outflow.ts'
import type { BusSubjects } from './bus-subjects.ts'

/** How many subjects are remembered that may not be published to. */
const maxForbidden = 1_000

interface Parts {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly subjects: BusSubjects
  readonly retryForMs: number
}

/**
 * Carries texts by plain NATS messages, over the connection of the store. That one is made without echo, so
 * a process doesn't hear itself. The client subscribes again after each reconnection.
 */
export class NatsBroadcast implements Broadcast {
  readonly #parts: Parts
  readonly #outflow: Outflow
  readonly #observers: BroadcastObserver[] = []
  /** Subjects that the login may not publish to, as the server said on this connection. */
  readonly #forbidden = new Set<string>()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#outflow = new Outflow(parts.link)
    parts.link.observe({
      lost: () => this.#interrupt(),
      failed: (error) => this.#note(error),
    })
  }

  sender(address: Address): (text: string) => boolean {
    const subject = this.#parts.subjects.of(address)
    return (text) => this.#send(subject, text)
  }

  listen(pattern: AddressPattern, take: (text: Uint8Array) => void): Disposable {
    const { link, subjects } = this.#parts
    if (link.nats.isClosed()) throw new AetherError('closed', 'the event store was closed')
    const subject = subjects.matching(pattern)
    const subscription: Subscription = link.nats.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.#fail(`may not listen to ${subject}`, error)
        else take(message.data)
      },
    })
    return {
      [Symbol.dispose]: () => {
        if (!link.nats.isClosed()) subscription.unsubscribe()
      },
    }
  }

  observe(observer: BroadcastObserver): void {
    this.#observers.push(observer)
  }

  async flush(): Promise<void> {
    const { link, retryForMs } = this.#parts
    try {
      await link.untilConnected(retryForMs, link.closing)
      await link.attempt(() => link.nats.flush())
    } catch (cause) {
      const why = `the bus has no connection to nats-server (${messageOf(cause)})`
      throw new AetherError('store-unavailable', why, { cause })
    }
  }

  #send(subject: string, text: string): boolean {
    const { link } = this.#parts
    if (!link.isConnected || this.#forbidden.has(subject) || this.#outflow.isFull) return false
    const body = Buffer.from(text)
    if (body.length > link.maxPayload) throw tooLarge(body.length, link.maxPayload)
    try {
      link.nats.publish(subject, body)
    } catch {
      return false // the client is closed
    }
    this.#outflow.add(body.length)
    return true
  }

  #interrupt(): void {
    this.#forbidden.clear()
    this.#outflow.reset()
    if (this.#parts.link.isClosing) return
    for (const { interrupted } of this.#observers) interrupted()
  }

  /** The server says so for each message: one is enough. */
  #note(error: Error): void {
    const { PermissionViolationError } = this.#parts.library.transport
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return
    const { subject } = error
    if (!this.#parts.subjects.has(subject) || this.#forbidden.has(subject)) return
    if (this.#forbidden.size >= maxForbidden) this.#forbidden.clear()
    this.#forbidden.add(subject)
    this.#fail(`may not publish to ${subject}`, error)
  }

  #fail(what: string, cause: Error): void {
    const message = `the login ${what}: natsPermissions() says what it needs`
    const error = new AetherError('not-permitted', message, { cause })
    for (const { failed } of this.#observers) failed(error)
  }
}

function tooLarge(bytes: number, most: number): AetherError {
  return new AetherError(
    'too-large',
    `a message of ${bytes} bytes is more than the server takes, which is ${most}`,
  )
}
