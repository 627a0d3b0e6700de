/** The tag of an actor at a version. */
export function entityTagOf(version: number): string {
  return `"${version}"`
}

/**
 * Whether an `If-None-Match` names this tag: one, a list, weak ones or `*` (RFC 9110, 13.1.2).
 */
export function namesEntityTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false
  const named = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''))
  return named.includes(tag) || named.includes('*')
}
