import { randomFillSync } from 'node:crypto'

/** Makes ids that are never given twice. */
export type IdSource = () => string

/** Random UUIDs, version 4. */
export const randomIds: IdSource = () => {
  if (used === randomness.length) {
    randomFillSync(randomness)
    used = 0
  }
  let place = 0
  for (let index = 0; index < bytesOfUuid; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) spelling[place++] = dash
    const byte = withVersion(randomness[used++] as number, index)
    spelling[place++] = digits[byte >> 4] as number
    spelling[place++] = digits[byte & 15] as number
  }
  return spelling.toString('latin1')
}

/** Ids that share one of the source and go on with a number: many of them cost little. */
export function numberedIds(source: IdSource): IdSource {
  const shared = source()
  let made = 0
  return () => `${shared}-${++made}`
}

/**
 * Node's `randomUUID` joins twenty short strings, half a kilobyte for the collector each time: at a rate
 * of events that is felt.
 */
const bytesOfUuid = 16
const randomness = Buffer.alloc(1_024 * bytesOfUuid)
let used = randomness.length
const spelling = Buffer.alloc(36)
const digits = Buffer.from('0123456789abcdef')
const dash = '-'.charCodeAt(0)

/** RFC 9562: the version stands in the seventh byte, the variant in the ninth. */
function withVersion(byte: number, index: number): number {
  if (index === 6) return (byte & 0x0f) | 0x40
  return index === 8 ? (byte & 0x3f) | 0x80 : byte
}
