import { STATUS_CODES } from 'node:http'
import { AetherError, isAetherError } from '../../core/index.ts'
import { jsonReply, type TextReply } from './exchange.ts'
import { statusOf } from '../status.ts'

const problemType = 'application/problem+json'

/** Members that no field of an error may take: the problem's own, and what is internal. */
const untold = new Set([
  ...['type', 'title', 'status', 'detail', 'code', 'retryable'],
  ...['name', 'message', 'stack', 'cause'],
])

/** The members of a problem (RFC 9457), and the typed fields of the error. */
interface Problem extends Readonly<Record<string, unknown>> {
  readonly status: number
  readonly retryable: boolean
}

/** An error as a problem. Never throws: a field that JSON can't hold is left out. */
export function problemOf(thrown: unknown): Problem {
  const error = isAetherError(thrown) ? thrown : unexpected(thrown)
  // Another copy of the library in this process may know codes that this one doesn't.
  const status = Object.hasOwn(statusOf, error.code) ? statusOf[error.code] : 500
  return {
    type: `urn:aether:error:${error.code}`,
    title: STATUS_CODES[status],
    status,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    ...tellableFields(error),
  }
}

/** An error as an answer, `application/problem+json`. Never throws. */
export function problemReply(
  thrown: unknown,
  extraHeaders: Readonly<Record<string, string>> = {},
): TextReply {
  const problem = problemOf(thrown)
  return jsonReply(problem.status, problem, {
    'content-type': problemType,
    ...(problem.status === 503 && problem.retryable && { 'retry-after': '1' }),
    ...extraHeaders,
  })
}

/** Of a command without an id, of which nobody knows whether it was executed: never to be sent again unseen. */
export function unrepeatableReply(error: AetherError): TextReply {
  const detail =
    'whether the command was executed is unknown, and without an Idempotency-Key it would be executed twice if it was: look at the actor first'
  const problem = { ...problemOf(error), detail, retryable: false }
  return jsonReply(problem.status, problem, { 'content-type': problemType })
}

/** What it is stays here: it may tell more about the node than a client should know. */
function unexpected(cause: unknown): AetherError {
  const message = 'an error that Aether did not expect; onError of the gateway is told which'
  return new AetherError('internal', message, { cause })
}

function tellableFields(error: AetherError): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of Object.keys(error)) {
    if (untold.has(name)) continue
    const value = asJson(() => Reflect.get(error, name))
    if (value !== undefined) fields[name] = value
  }
  return fields
}

/** What JSON makes of a value; nothing of one that it can't hold, a bigint or a circle. */
function asJson(read: () => unknown): unknown {
  try {
    const text = JSON.stringify(read()) as string | undefined
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
