import { AetherError } from '../../core/index.ts'
import type { Exchange } from './exchange.ts'

/** Bytes of a request's body at most. */
export const maxBodyBytes = 1_048_576

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * The body of a request. What its headers say is looked at before any of it is asked for.
 * @throws AetherError `unsupported-transfer-coding`, `unsupported-encoding`; as {@link readText}
 */
export async function bodyOf({ headers, body }: Exchange): Promise<string> {
  checkTransfer(headers.get('transfer-encoding'))
  checkEncoding(headers.get('content-encoding'))
  checkLength(Number(headers.get('content-length')))
  return body()
}

/** @throws AetherError `too-large`; `invalid-json` for what is not UTF-8 */
export async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const body = new GatheredBody()
  for await (const chunk of chunks) body.add(chunk)
  return body.text()
}

/** Whoever carries the exchange undoes chunks, and nothing else (RFC 9112, 6.1). */
function checkTransfer(codings: string | null): void {
  if (codings === null || /^chunked$/i.test(codings.trim())) return
  const message = `the body is transferred as ${JSON.stringify(codings)}: send it in chunks or with its length`
  throw new AetherError('unsupported-transfer-coding', message)
}

function checkEncoding(encoding: string | null): void {
  if (encoding === null || /^(identity)?$/i.test(encoding.trim())) return
  const message = `the body is encoded as ${JSON.stringify(encoding)}: send it as it is`
  throw new AetherError('unsupported-encoding', message)
}

function checkLength(bytes: number): void {
  if (bytes > maxBodyBytes)
    throw new AetherError('too-large', `the body has more than ${maxBodyBytes} bytes`)
}

/** Pieces in one place: a million of one byte each, kept as they come, would take hundreds of megabytes. */
export class GatheredBody {
  #room: Uint8Array = new Uint8Array()
  #length = 0
  #isDiscarded = false

  get isDiscarded(): boolean {
    return this.#isDiscarded
  }

  /** How much memory it takes. */
  get bytes(): number {
    return this.#room.length
  }

  /** @throws AetherError `too-large` */
  add(piece: Uint8Array): void {
    const length = this.#length + piece.length
    checkLength(length)
    // Most bodies are one piece, which isn't copied.
    if (this.#length === 0) this.#room = piece
    else this.#append(piece, length)
    this.#length = length
  }

  /** It is of no use any more. */
  discard(): void {
    this.#isDiscarded = true
    this.#room = new Uint8Array()
    this.#length = 0
  }

  /** @throws AetherError `invalid-json` for what is not UTF-8 */
  text(): string {
    try {
      return decoder.decode(this.#gathered)
    } catch (cause) {
      throw new AetherError('invalid-json', 'the body is not UTF-8', { cause })
    }
  }

  #append(piece: Uint8Array, length: number): void {
    if (length > this.#room.length) {
      const room = Math.min(maxBodyBytes, Math.max(length, 2 * this.#room.length))
      const larger = new Uint8Array(room)
      larger.set(this.#gathered)
      this.#room = larger
    }
    this.#room.set(piece, this.#length)
  }

  get #gathered(): Uint8Array {
    return this.#room.subarray(0, this.#length)
  }
}
