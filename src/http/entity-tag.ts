import { hash } from 'node:crypto'

interface Shown {
  readonly version: number
  readonly state: unknown
}

/** The tag of an actor at a version: another one where new code makes another state of the same events. */
export function entityTagOf({ version, state }: Shown): string {
  return `"${version}-${hash('sha256', JSON.stringify(state)).slice(0, 16)}"`
}

/**
 * Whether an `If-None-Match` names this tag: one, a list, weak ones or `*` (RFC 9110, 13.1.2).
 */
export function namesEntityTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false
  const named = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''))
  return named.includes(tag) || named.includes('*')
}
