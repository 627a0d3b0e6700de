/** What a request line asks for. */
export interface RequestTarget {
  /** The host and port of the absolute form; they stand in for the `Host` header. */
  readonly authority: string | undefined
  /** Path and query, as they are. */
  readonly target: string
}

/** Takes apart the origin form, `/events`, and the absolute form, `http://127.0.0.1:4040/events` (RFC 9112, 3.2). */
export function splitTarget(requestTarget: string): RequestTarget {
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(requestTarget)
  if (!absolute) return { authority: undefined, target: requestTarget }
  const [, authority, target = ''] = absolute
  return { authority, target: target.startsWith('/') ? target : `/${target}` }
}
