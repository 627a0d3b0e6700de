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

/**
 * UUIDs that share their random digits and count on in their last group (RFC 9562, version 8). They cost a
 * fifth of random ones, an index grows at its end with them, and {@link uuidsBehind} knows what follows one.
 */
export function uuidSeries(): IdSource {
  const random = randomIds()
  const shared = `${random.slice(0, placeOfVersion)}8${random.slice(placeOfVersion + 1, placeOfCount)}`
  let block = ''
  let made = 0
  return () => {
    const place = made % blockSize
    if (place === 0) block = shared + spelled(made / blockSize, blockDigits)
    made++
    return block + (endings[place] as string)
  }
}

/** The ids of a series so many steps behind this one; undefined where it can't be of one. */
export function uuidsBehind(id: string): ((steps: number) => string) | undefined {
  if (!ofSeries.test(id)) return undefined
  const shared = id.slice(0, placeOfCount)
  const count = Number.parseInt(id.slice(placeOfCount), 16)
  return (steps) => {
    const place = count + steps
    const block = spelled(Math.floor(place / blockSize), blockDigits)
    return shared + block + (endings[place % blockSize] as string)
  }
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

const ofSeries = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const placeOfVersion = 14
const placeOfCount = 24
/** The last group: the number of a block, and the place in it, whose spelling is at hand. */
const blockDigits = 9
const blockSize = 4_096
const endings = Array.from({ length: blockSize }, (_, place) => spelled(place, 3))

function spelled(count: number, digits: number): string {
  return count.toString(16).padStart(digits, '0')
}
