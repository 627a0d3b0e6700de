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
 * The headers of a message. The client would take all of them apart, which costs as much as reading the
 * message; here only those asked for are searched.
 *
 * It gives no access to their bytes, but its `data` is a view of what stands right behind them in the
 * same buffer, and its `size()` counts both. A test shows that this holds for the version installed; where
 * it doesn't, or a subject isn't ASCII, the client's headers are taken. Undefined for a message without headers.
 *
 * @param data the message's, which makes a new view each time that it is asked
 * @param subjects how long the subject that it came to is, and the one to reply to, if it has one, together
 */
export function headersOf(
  message: Msg,
  data: Uint8Array,
  subjects: number,
): HeaderValues | undefined {
  const text = textBefore(message, data, subjects)
  return text === undefined ? ofClient(message.headers) : new HeaderText(text)
}

/** The headers in these bytes, which are NATS's protocol for them, or nothing. */
export function headersIn(bytes: Buffer): HeaderValues {
  return new HeaderText(bytes.toString())
}

/** Exported for the test. */
export function textBefore(message: Msg, data: Uint8Array, subjects: number): string | undefined {
  // Not in the client's types: `MsgImpl.size` in nats-core's msg.ts.
  const size = (message as Msg & { size?(): number }).size?.() ?? 0
  const length = size - data.length - subjects
  const start = data.byteOffset - length
  if (length < firstLine.length || start < 0) return undefined
  const text = Buffer.from(data.buffer, start, length).toString()
  return text.startsWith(firstLine) ? text : undefined
}

/** Made once for each name: to join the same strings again and again costs more than to search. */
const beginnings = new Map<string, string>()

function beginningOf(name: string): string {
  let beginning = beginnings.get(name)
  if (beginning === undefined) {
    beginning = `${lineEnd}${name}:`
    beginnings.set(name, beginning)
  }
  return beginning
}

class HeaderText implements HeaderValues {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  get isOfMessage(): boolean {
    return this.#text.startsWith(lineEnd, firstLine.length)
  }

  get(name: string): string {
    const beginning = beginningOf(name)
    return this.#valueBehind(this.#text.indexOf(beginning), beginning)
  }

  last(name: string): string {
    const beginning = beginningOf(name)
    return this.#valueBehind(this.#text.lastIndexOf(beginning), beginning)
  }

  #valueBehind(line: number, { length }: string): string {
    if (line < 0) return ''
    const start = line + length
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
