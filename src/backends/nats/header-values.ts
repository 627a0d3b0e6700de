import type { Msg, MsgHdrs } from '@nats-io/transport-node'

/** The headers of a message, looked up one by one. */
export interface HeaderValues {
  /** False where its first line has a status in it. */
  readonly isOfMessage: boolean
  /** The first with this name; `''` where there is none. */
  get(name: string): string
  /** The last with this name; `''` where there is none. */
  last(name: string): string
}

const firstLine = 'NATS/1.0'
const lineEnd = '\r\n'

/**
 * The headers of a message that came to `subject`, without a subject to reply to. The client would take
 * all of them apart, which costs as much as reading the message; here only those asked for are searched.
 *
 * It gives no access to their bytes, but its `data` is a view of what stands right behind them in the
 * same buffer, and its `size()` counts both. A test shows that this holds for the version installed; where
 * it doesn't, the client's headers are taken. Undefined for a message without headers.
 */
export function headersOf(message: Msg, subject: string): HeaderValues | undefined {
  const bytes = bytesBefore(message, subject)
  return bytes ? new HeaderText(bytes) : ofClient(message.headers)
}

/** Exported for the test. */
export function bytesBefore(message: Msg, subject: string): Buffer | undefined {
  const { data } = message
  // Not in the client's types: `MsgImpl.size` in nats-core's msg.ts.
  const size = (message as Msg & { size?(): number }).size?.() ?? 0
  const length = size - data.length - Buffer.byteLength(subject)
  const start = data.byteOffset - length
  if (length < firstLine.length || start < 0) return undefined
  const bytes = Buffer.from(data.buffer, start, length)
  return bytes.toString('latin1', 0, firstLine.length) === firstLine ? bytes : undefined
}

class HeaderText implements HeaderValues {
  readonly #text: string

  constructor(bytes: Buffer) {
    this.#text = bytes.toString()
  }

  get isOfMessage(): boolean {
    return this.#text.startsWith(lineEnd, firstLine.length)
  }

  get(name: string): string {
    return this.#valueAt(this.#text.indexOf(`${lineEnd}${name}:`), name)
  }

  last(name: string): string {
    return this.#valueAt(this.#text.lastIndexOf(`${lineEnd}${name}:`), name)
  }

  #valueAt(line: number, name: string): string {
    if (line < 0) return ''
    const start = line + lineEnd.length + name.length + 1
    return this.#text.slice(start, this.#text.indexOf(lineEnd, start)).trim()
  }
}

function ofClient(headers: MsgHdrs | undefined): HeaderValues | undefined {
  if (!headers) return undefined
  return {
    isOfMessage: headers.code === 0,
    get: (name) => headers.get(name),
    last: (name) => headers.last(name),
  }
}
