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

/**
 * Publishes in one piece. The client encodes each part of a message for itself, and looks for blanks in the
 * subjects: an eighth of what an append takes of our processor. A test shows that the version installed
 * takes whole commands; one that doesn't gets the parts, as it does with what it will refuse.
 * @throws what the client throws before it takes anything on: closed, too large.
 */
export function publishWhole(nats: NatsConnection, message: WholeMessage): void {
  const { subject, reply, headers, body } = message
  const { protocol } = nats as NatsConnection & Inside
  const length = headers.length + Buffer.byteLength(body)
  const isTaken = length <= (nats.info?.max_payload ?? 0)
  if (isTaken && protocol?.sendCommand) {
    const command = `HPUB ${subject} ${reply} ${headers.length} ${length}\r\n${headers}${body}\r\n`
    // Four times as fast as a TextEncoder, and the same bytes.
    protocol.sendCommand(Buffer.from(command))
  } else nats.publish(subject, body, { reply, headers: encoded(headers) })
}

/**
 * Headers for the client, which asks them for nothing but their bytes: `ProtocolHandler.publish` in
 * nats-core's protocol.ts. A test shows that this holds for the version installed.
 */
function encoded(headers: string): MsgHdrs {
  return { encode: () => Buffer.from(headers, 'latin1') } as unknown as MsgHdrs
}
