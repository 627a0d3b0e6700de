import type { Msg, Subscription } from '@nats-io/transport-node'
import type { StoredMessage } from '../commits/commit-message.ts'
import { headersOf } from '../commits/header-values.ts'
import type { NatsLink } from '../connection/nats-link.ts'

export interface PullSettings {
  readonly link: NatsLink
  readonly stream: string
  readonly consumer: string
  /** How much the server sends for one request. */
  readonly maxMessages: number
  readonly maxBytes: number
}

/** So that the server has something to do while a request is on its way. */
const requestsUnderWay = 2
/** How many messages are handed over together, at least, as long as there are more. */
const enough = 256

/** What a consumer without acknowledgements brings, in order and without holes, as fast as it's taken. */
export class PulledMessages implements Disposable {
  readonly #settings: PullSettings
  /** Of the consumer, between dots. */
  readonly #name: string
  readonly #inbox: string
  readonly #subscription: Subscription
  readonly #forget: () => void
  /** How many messages each request may still bring, by its number, the oldest first. */
  readonly #requests = new Map<string, number>()
  #requestCount = 0
  #waiting: StoredMessage[] = []
  #arrived: (() => void) | undefined
  readonly #tell = (): void => this.#arrived?.()
  #delivered = 0
  #isBroken = false

  /** @throws what the client throws where the connection was closed. */
  constructor(settings: PullSettings) {
    const { link } = settings
    this.#settings = settings
    this.#name = `.${settings.consumer}.`
    this.#inbox = link.newInbox()
    this.#subscription = link.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error ? this.#break() : this.#receive(message)),
    })
    this.#forget = link.onceLost(() => this.#break())
  }

  /**
   * What has come since; nothing where the consumer has no more for now, or failed.
   * @throws the signal's reason.
   */
  async next(
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly StoredMessage[]> {
    signal?.throwIfAborted()
    this.#ask()
    if (!this.#isEnough()) await this.#arrivalWithin(timeoutMs, signal)
    const messages = this.#waiting
    this.#waiting = []
    return messages
  }

  [Symbol.dispose](): void {
    this.#forget()
    this.#subscription.unsubscribe()
  }

  #ask(): void {
    const { link, stream, consumer, maxMessages, maxBytes } = this.#settings
    const query = JSON.stringify({ batch: maxMessages, max_bytes: maxBytes, no_wait: true })
    while (this.#requests.size < requestsUnderWay && !this.#isBroken) {
      const number = String(this.#requestCount++)
      this.#requests.set(number, maxMessages)
      const reply = `${this.#inbox}.${number}`
      link.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, query, { reply })
    }
  }

  #receive(answer: Msg): void {
    if (this.#isBroken) return
    const { subject, reply = '', data } = answer
    const place = placeIn(reply, this.#name)
    if (!place) {
      // A status ends the request that it answers, whatever it says.
      this.#requests.delete(subject.slice(this.#inbox.length + 1))
    } else if (place.delivered === this.#delivered + 1) {
      this.#delivered = place.delivered
      this.#countDown()
      const header = headersOf(answer, data, subject.length + reply.length) ?? noHeaders
      this.#waiting.push({ seq: place.sequence, subject, header, data })
    } else {
      this.#break() // a route between servers may lose messages when it breaks and heals
    }
    if (this.#isEnough()) this.#arrived?.()
  }

  /** More of them at once cost less; the server tells when there are no more. */
  #isEnough(): boolean {
    return this.#waiting.length >= enough || this.#requests.size < requestsUnderWay
  }

  async #arrivalWithin(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    signal?.addEventListener('abort', this.#tell, { once: true })
    this.#arrived = resolve
    await promise
    clearTimeout(timer)
    signal?.removeEventListener('abort', this.#tell)
    signal?.throwIfAborted()
  }

  /** Requests are answered one after the other. */
  #countDown(): void {
    for (const [number, left] of this.#requests) {
      if (left > 1) this.#requests.set(number, left - 1)
      else this.#requests.delete(number)
      return
    }
  }

  #break(): void {
    this.#isBroken = true
    this.#requests.clear()
    this.#arrived?.()
  }
}

const zero = '0'.charCodeAt(0)
const noHeaders: StoredMessage['header'] = { get: () => '' }

/**
 * Where a message of a consumer stands, which the subject to acknowledge it says:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<times>.<sequence>.<delivered>.<time>.<pending>`
 * (`parseInfo` of the client, ADR-15). Undefined for a status, which has none.
 *
 * @param name the consumer's, between dots
 */
function placeIn(reply: string, name: string): { sequence: number; delivered: number } | undefined {
  const place = reply.indexOf(name)
  if (place < 0 || !reply.startsWith('$JS.ACK.')) return undefined
  const sequence = reply.indexOf('.', place + name.length) + 1
  const delivered = reply.indexOf('.', sequence) + 1
  const end = reply.indexOf('.', delivered)
  return {
    sequence: numberAt(reply, sequence, delivered - 1),
    delivered: numberAt(reply, delivered, end),
  }
}

/** What `Number` makes of digits; without a string for each of two in every message. */
function numberAt(text: string, start: number, end: number): number {
  let number = 0
  for (let place = start; place < end; place++) number = number * 10 + text.charCodeAt(place) - zero
  return number
}
