import type { NatsConnection } from '@nats-io/transport-node'

/** Not in the client's types: `ProtocolHandler` in nats-core's protocol.ts, `Parser` in parser.ts. */
interface Inside {
  readonly protocol?: { readonly parser?: ClientParser }
}

interface ClientParser {
  readonly state?: unknown
  parse?(chunk: Uint8Array): void
}

/** Takes what came under a number, or gives false: then the client gets it. */
type Take = (number: number, data: Uint8Array) => boolean

/** `State.OP_START` in nats-core's parser.ts. */
const betweenMessages = 0
const [zero, nine, space, carriageReturn] = ['0', '9', ' ', '\r'].map((text) =>
  text.charCodeAt(0),
) as [number, number, number, number]
const lineEndLength = 2

/**
 * Reads short answers out of what the connection brings, before the client does. The client looks at each byte of
 * their subjects twice and makes nine objects of an answer: a sixth of what an append takes of our processor.
 *
 * What isn't exactly such an answer, whole and in front of all else, is left to the client; so is everything where
 * the client works otherwise. A test shows that the version installed works so:
 * docs/decisions/0083-answers-that-are-read-at-once.md.
 */
export class QuickAnswers {
  readonly #nats: NatsConnection
  readonly #beginning: Uint8Array
  readonly #take: Take
  #parser: ClientParser | undefined
  /** Where the reading stands. */
  #place = 0

  /** `take` is offered what comes to `inbox.number`. */
  constructor(nats: NatsConnection, inbox: string, take: Take) {
    this.#nats = nats
    this.#beginning = Buffer.from(`MSG ${inbox}.`)
    this.#take = take
  }

  /** To be called on each connection: the client makes a new parser for it. */
  attach(): void {
    const { parser } = (this.#nats as NatsConnection & Inside).protocol ?? {}
    if (!parser?.parse || parser === this.#parser) return
    this.#parser = parser
    const parse = parser.parse.bind(parser)
    parser.parse = (chunk) => {
      const end = parser.state === betweenMessages ? this.#readAll(chunk) : 0
      if (end < chunk.length) parse(end === 0 ? chunk : chunk.subarray(end))
    }
  }

  /** Gives where the first message begins that is the client's. */
  #readAll(chunk: Uint8Array): number {
    let end = 0
    for (;;) {
      const start = end
      end = this.#readOne(chunk, start)
      if (end === start) return end
    }
  }

  /** Gives where the message ends that starts here; where it starts, if it's the client's. */
  #readOne(chunk: Uint8Array, start: number): number {
    if (!this.#beginsAt(chunk, start)) return start
    this.#place = start + this.#beginning.length
    const number = this.#numberBefore(chunk, space)
    this.#numberBefore(chunk, space) // of the subscription
    const length = this.#numberBefore(chunk, carriageReturn)
    const data = this.#place + 1
    const end = data + length + lineEndLength
    // False as well where a word is missing, one too many, or no number: then the last one is none.
    const isWhole = end <= chunk.length
    return isWhole && this.#take(number, chunk.subarray(data, data + length)) ? end : start
  }

  #beginsAt(chunk: Uint8Array, start: number): boolean {
    const beginning = this.#beginning
    if (start + beginning.length > chunk.length) return false
    for (let i = 0; i < beginning.length; i++) if (chunk[start + i] !== beginning[i]) return false
    return true
  }

  /** NaN where anything but digits stands before it. */
  #numberBefore(chunk: Uint8Array, end: number): number {
    let number = 0
    for (;;) {
      const digit = chunk[this.#place++]
      if (digit === end) return number
      if (digit === undefined || digit < zero || digit > nine) return NaN
      number = number * 10 + digit - zero
    }
  }
}
