/**
 * Any string of JSON, and the colon behind it if it is a key. One without an end goes to the end of the text:
 * if it were none, another one would be looked for behind each quote in it, all the way every time.
 */
const strings = /"[^"\\]*(?:\\.[^"\\]*)*(?:"(\s*:)?|\\?$)/gs

/** Stands in each text with an escape in a key: the last one in it, and its end. */
const escapedKey = /\\.[^"\\]*"\s*:/s

/** As for `JSON.parse`. */
export type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown

/**
 * `JSON.parse`, but for a fault of V8 (https://github.com/nodejs/node/issues/63785): where an object
 * with the same first keys was parsed before, a key with an escape in it may become another key.
 * @throws SyntaxError where the text is not JSON
 */
export function parseJsonText(text: string, reviver?: Reviver): unknown {
  if (!text.includes('\\') || !escapedKey.test(text)) return JSON.parse(text, reviver as never)
  const mark = markNotIn(text)
  const keys: string[] = []
  const plain = text.replaceAll(strings, (string, colon: string | undefined) => {
    if (colon === undefined || !string.includes('\\')) return string
    const key = string.slice(0, -colon.length)
    return `"${mark}${keys.push(JSON.parse(key) as string) - 1}"${colon}`
  })
  const value: unknown = JSON.parse(plain, reviver as never)
  return keys.length === 0 ? value : renamed(value, (key) => originalOf(key, mark, keys))
}

function originalOf(key: string, mark: string, keys: readonly string[]): string {
  return key.startsWith(mark) ? (keys[Number(key.slice(mark.length))] as string) : key
}

/** What no key of this text begins with; short, whatever the text is. */
function markNotIn(text: string): string {
  if (!text.includes('\uE000')) return '\uE000'
  const taken = new Set(Array.from(text.matchAll(/\uE000\d+\uE001/g), ([mark]) => mark))
  for (let n = 0; ; n++) {
    const mark = `\uE000${n}\uE001`
    if (!taken.has(mark)) return mark
  }
}

function renamed(value: unknown, nameOf: (key: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((member) => renamed(member, nameOf))
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [nameOf(key), renamed(member, nameOf)]),
  )
}
