import { AetherError } from '../core/index.ts'

/** Bytes of a request's body at most. */
const maxBodyBytes = 1_048_576

const decoder = new TextDecoder('utf-8', { fatal: true })

/** @throws AetherError `too-large`; `invalid-json` for what is not UTF-8 */
export async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBodyBytes)
      throw new AetherError('too-large', `the body has more than ${maxBodyBytes} bytes`)
    read.push(chunk)
  }
  try {
    return decoder.decode(Buffer.concat(read))
  } catch (cause) {
    throw new AetherError('invalid-json', 'the body is not UTF-8', { cause })
  }
}
