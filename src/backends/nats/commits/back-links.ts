/**
 * A commit names the commits of its actor that came right before it: those that its predecessor
 * names, and the predecessor itself. Once these are a page full, the next commit begins anew with its
 * predecessor alone. So whoever holds a commit knows a page of those before it, and in the oldest of
 * them finds the page before: an actor can be read without searching the stream for it.
 *
 * A commit that names a full page is the end of that page. It names the ends of the pages before it
 * as well, by the same rule: so many pages at once that a walk takes a step for about a thousand commits.
 */
export const pageSize = 32

/** What the next commit names, where the newest one has this sequence and names these. */
export function linksBehind(sequence: number, links: readonly number[]): readonly number[] {
  if (sequence === 0) return []
  return links.length < pageSize ? [...links, sequence] : [sequence]
}

/** Whether a commit that names these is the end of a page. */
export function isPageEnd(links: readonly number[]): boolean {
  return links.length === pageSize
}

/**
 * What the next end of a page names of those before it, where the newest commit has this sequence and
 * names these links and, if it is the end of a page or that is known otherwise, these pages. The
 * newest of them is always the oldest link of the page. Undefined where it can't be told.
 */
export function pagesBehind(
  sequence: number,
  links: readonly number[],
  pages: readonly number[] | undefined,
): readonly number[] | undefined {
  if (links.length === 0) return [sequence]
  return isPageEnd(links) && pages ? linksBehind(sequence, pages) : pages
}

/** Each character carries five bits, and in its sixth whether more of the number follow. */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const base = 32
const notDigit = -1
/** The digit of each character, by its code. */
const values = Array.from({ length: 128 }, (_, code) => digits.indexOf(String.fromCharCode(code)))

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
  let link = newest
  let [step, unit] = [0, 1]
  let isRight = true
  for (let index = 0; index < steps.length; index++) {
    const digit = values[steps.charCodeAt(index)] ?? notDigit
    step += (digit % base) * unit
    unit *= base
    if (digit >= base) continue
    if (digit === notDigit || step === 0) isRight = false
    link -= step
    links.push(link)
    step = 0
    unit = 1
  }
  if (isRight && unit === 1 && links.length <= pageSize && link > 0) return links.toReversed()
  throw new TypeError(`${JSON.stringify(steps)} is no back links`)
}

/** Without bitwise operators, which know 32 bits only. */
function encodeNumber(value: number): string {
  const rest = Math.floor(value / base)
  const digit = value % base
  return rest === 0
    ? (digits[digit] as string)
    : `${digits[digit + base] as string}${encodeNumber(rest)}`
}
