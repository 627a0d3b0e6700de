/**
 * A commit names the commits of its actor that came right before it: those that its predecessor
 * names, and the predecessor itself. Once these are a page full, the next commit begins anew with its
 * predecessor alone. So whoever holds a commit knows a page of those before it, and in the oldest of
 * them finds the page before: an actor can be read without searching the stream for it.
 */
export const pageSize = 32

/** What the next commit names, where the newest one has this sequence and names these. */
export function linksBehind(sequence: number, links: readonly number[]): readonly number[] {
  if (sequence === 0) return []
  return links.length < pageSize ? [...links, sequence] : [sequence]
}

/** Each character carries five bits, and in its sixth whether more of the number follow. */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const base = 32

/**
 * The steps from the newest of these sequences, which ascend, back to each older one. The newest is
 * the sequence that the commit expects, and stands in its header.
 */
export function encodeSteps(links: readonly number[]): string {
  return links
    .slice(1)
    .map((sequence, index) => encodeNumber(sequence - (links[index] as number)))
    .toReversed()
    .join('')
}

/** @throws TypeError */
export function decodeSteps(steps: string, newest: number): readonly number[] {
  const links = [newest]
  let [step, unit] = [0, 1]
  for (const character of steps) {
    const digit = digits.indexOf(character)
    step += (digit % base) * unit
    unit *= base
    if (digit >= base) continue
    links.push((links.at(-1) as number) - step)
    if (digit < 0 || step === 0) throw new TypeError(`${JSON.stringify(steps)} is no back links`)
    step = 0
    unit = 1
  }
  const isRight = unit === 1 && links.length <= pageSize && (links.at(-1) as number) > 0
  if (!isRight) throw new TypeError(`${JSON.stringify(steps)} is no back links`)
  return links.toReversed()
}

/** Without bitwise operators, which know 32 bits only. */
function encodeNumber(value: number): string {
  const rest = Math.floor(value / base)
  const digit = value % base
  return rest === 0
    ? (digits[digit] as string)
    : `${digits[digit + base] as string}${encodeNumber(rest)}`
}
