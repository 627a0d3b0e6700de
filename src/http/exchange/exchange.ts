/**
 * A request as it came in. The target is raw, because a URL parser would take the keys `.` and `..`
 * for steps through the path and swallow them.
 */
export interface Exchange {
  readonly method: string
  /** Path and query, percent-encoded, as on the request line. */
  readonly target: string
  readonly headers: { get(name: string): string | null }
  /**
   * The body as text, of which nothing is read before.
   * @throws AetherError `too-large`
   */
  readonly body: () => Promise<string>
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
  /** Aborts when an answer that would go on has to end: the client is gone or sends no HTTP, or the gateway closes. */
  readonly ending: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * A text, or nothing; or texts that are made as the client takes them, which end when
   * {@link Exchange.ending} aborts. They hold nothing before the first is taken, and nothing after they
   * were left. What comes as UTF-8 is of others as well, and mustn't be changed.
   */
  readonly body: string | AsyncIterable<string | Uint8Array> | undefined
}

/** A reply with one text. */
export interface TextReply extends Reply {
  readonly body: string
}

export function jsonReply(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): TextReply {
  return textReply(status, JSON.stringify(value), headers)
}

/** {@link jsonReply} of what is JSON already, or of another type that the headers tell. */
export function textReply(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): TextReply {
  const length = String(Buffer.byteLength(body))
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': length,
      ...headers,
    },
    body,
  }
}
