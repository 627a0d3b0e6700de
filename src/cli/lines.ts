import { constants } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { AetherError } from '../core/index.ts'

/**
 * The lines of a text in UTF-8. They end with a line feed alone: Node's readline ends them at U+2028 as well,
 * which JSON may hold as it is.
 * @throws AetherError `invalid-argument` where it isn't UTF-8, of which something would be lost; `too-large` where a
 * line is longer than `maxLength`, by default what a string can hold
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array>,
  maxLength: number = constants.MAX_STRING_LENGTH,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const unfinished = new UnfinishedLine(maxLength)
  let line = 1
  for await (const chunk of input) {
    const [first = '', ...others] = decoded(decoder, chunk, line).split('\n')
    unfinished.grow(first, line)
    const rest = others.pop()
    if (rest === undefined) continue
    line += others.length + 1
    yield unfinished.take()
    yield* others
    unfinished.grow(rest, line)
  }
  unfinished.grow(decoded(decoder, undefined, line), line)
  const last = unfinished.take()
  if (last !== '') yield last
}

/** What came of a line so far, in pieces: joined with each, a long one would take time by the square. */
class UnfinishedLine {
  readonly #maxLength: number
  #pieces: string[] = []
  #length = 0

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** @throws AetherError `too-large` */
  grow(piece: string, line: number): void {
    this.#length += piece.length
    if (this.#length > this.#maxLength)
      throw new AetherError('too-large', `line ${line} is longer than that of any event`)
    this.#pieces.push(piece)
  }

  take(): string {
    const line = this.#pieces.join('')
    this.#pieces = []
    this.#length = 0
    return line
  }
}

function decoded(decoder: TextDecoder, chunk: Uint8Array | undefined, line: number): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (cause) {
    const message = `something behind line ${line - 1} is not UTF-8: export it anew, or convert it`
    throw new AetherError('invalid-argument', message, { cause })
  }
}
