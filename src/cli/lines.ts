import { TextDecoder } from 'node:util'
import { AetherError } from '../core/index.ts'

/**
 * The lines of a text in UTF-8. They end with a line feed alone: Node's readline ends them at U+2028 as well,
 * which JSON may hold as it is.
 * @throws AetherError `invalid-argument` where it isn't UTF-8, of which something would be lost
 */
export async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let rest = ''
  for await (const chunk of input) {
    const lines = (rest + decoded(decoder, chunk, line)).split('\n')
    rest = lines.pop() ?? ''
    line += lines.length
    yield* lines
  }
  rest += decoded(decoder, undefined, line)
  if (rest !== '') yield rest
}

function decoded(decoder: TextDecoder, chunk: Uint8Array | undefined, line: number): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined })
  } catch (cause) {
    const message = `something behind line ${line - 1} is not UTF-8: export it anew, or convert it`
    throw new AetherError('invalid-argument', message, { cause })
  }
}
