import { AetherError } from '../../core/index.ts'

/** The parameters of a query. */
export interface Query {
  /** Each once. */
  readonly names: readonly string[]
  /** Of two with one name, the first. */
  get(name: string): string | undefined
  /**
   * What all of this name list, one after the other or with commas between: `type=a,b&type=c`; undefined
   * where there is none. A comma that is percent-encoded divides nothing.
   */
  list(name: string): readonly string[] | undefined
}

/** The parts of a request target, decoded: nothing is normalised. */
export interface Target {
  readonly segments: readonly string[]
  readonly query: Query
}

/** @throws AetherError `invalid-argument` for percent-encoding that is not UTF-8 */
export function parseTarget(target: string): Target {
  const [path, query] = cut(target, '?')
  return { segments: path.split('/').slice(1).map(decode), query: parseQuery(query) }
}

/**
 * A whole number of the query.
 * @throws AetherError `invalid-argument`
 */
export function wholeNumberOf(query: Query, name: string): number | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from 0, not ${JSON.stringify(text)}`,
  )
}

/**
 * `URLSearchParams` would take a plus for a space and put U+FFFD for what is malformed: the key of
 * an actor must reach it as it was sent.
 */
function parseQuery(text: string): Query {
  const first = new Map<string, string>()
  const lists = new Map<string, string[]>()
  for (const parameter of text.split('&')) {
    if (parameter === '') continue
    const [encodedName, value] = cut(parameter, '=')
    const name = decode(encodedName)
    if (!first.has(name)) first.set(name, decode(value))
    const list = lists.get(name) ?? []
    for (const each of value.split(',')) list.push(decode(each))
    lists.set(name, list)
  }
  const get: Query['get'] = (name) => first.get(name)
  return { names: [...first.keys()], get, list: (name) => lists.get(name) }
}

/** What is before the mark and what is behind it. */
function cut(text: string, mark: string): [before: string, behind: string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new AetherError(
      'invalid-argument',
      `${JSON.stringify(text)} is not percent-encoded UTF-8`,
      { cause },
    )
  }
}
