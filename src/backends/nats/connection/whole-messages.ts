import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node'

export interface WholeMessage {
  /** As the other words without blanks: what is made by `encodeKey`, say. */
  readonly subject: string
  readonly reply: string
  /** As NATS's protocol has them, which is ASCII. */
  readonly headers: string
  readonly body: string
}

/** Not in the client's types: `NatsConnectionImpl` in nats-core's nats.ts, `ProtocolHandler` in protocol.ts. */
interface Inside {
  readonly protocol?: { sendCommand?(command: Uint8Array): void }
}

/** What is gathered goes out at the latest when it's so long: as much as the client gathers itself. */
const maxGathered = 32 * 1024

/**
 * Publishes each message in one piece, and those of one turn together. The client encodes each part of a
 * message for itself, looks for blanks in the subjects, and puts all together once more: a fifth of what an
 * append takes of our processor. So a plain publish of the same turn may overtake them. A test shows that the version installed takes whole commands; one that
 * doesn't gets the parts, as it does with what it will refuse.
 */
export class WholeMessages {
  readonly #nats: NatsConnection
  #gathered = ''
  #isAscii = true

  constructor(nats: NatsConnection) {
    this.#nats = nats
  }

  /** @throws what the client throws before it takes anything on: closed, too large. */
  publish(message: WholeMessage): void {
    const { subject, reply, headers, body } = message
    const length = headers.length + Buffer.byteLength(body)
    if (length > headers.length + body.length) this.#isAscii = false
    const isTaken = length <= (this.#nats.info?.max_payload ?? 0)
    if (isTaken && (this.#nats as NatsConnection & Inside).protocol?.sendCommand)
      this.#gather(`HPUB ${subject} ${reply} ${headers.length} ${length}\r\n${headers}${body}\r\n`)
    else this.#nats.publish(subject, body, { reply, headers: encoded(headers) })
  }

  #gather(command: string): void {
    if (this.#gathered === '') queueMicrotask(this.#send)
    this.#gathered += command
    if (this.#gathered.length >= maxGathered) this.#send()
  }

  readonly #send = (): void => {
    if (this.#gathered === '') return
    // Four times as fast as a TextEncoder, and the same bytes; those of ASCII need not be counted for it.
    const commands = Buffer.from(this.#gathered, this.#isAscii ? 'latin1' : 'utf8')
    this.#gathered = ''
    this.#isAscii = true
    ;(this.#nats as NatsConnection & Inside).protocol?.sendCommand?.(commands)
  }
}

/**
 * Headers for the client, which asks them for nothing but their bytes: `ProtocolHandler.publish` in
 * nats-core's protocol.ts. A test shows that this holds for the version installed.
 */
function encoded(headers: string): MsgHdrs {
  return { encode: () => Buffer.from(headers, 'latin1') } as unknown as MsgHdrs
}
