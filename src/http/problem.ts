import { STATUS_CODES } from 'node:http'
import { AetherError, isAetherError } from '../core/index.ts'
import { jsonReply, type Reply } from './exchange.ts'
import { statusOf } from './status.ts'

/** Members that are never told: the standard ones have a place of their own, the rest is internal. */
const untold = new Set(['name', 'message', 'stack', 'cause', 'code', 'retryable'])

/** An error as `application/problem+json` (RFC 9457), with its code and typed fields. */
export function problemReply(thrown: unknown): Reply {
  const error = isAetherError(thrown)
    ? thrown
    : new AetherError('internal', 'an unexpected error; the log of the node says more', {
        cause: thrown,
      })
  const status = statusOf[error.code]
  const fields = Object.entries(error).filter(([name]) => !untold.has(name))
  const problem = {
    type: `urn:aether:error:${error.code}`,
    title: STATUS_CODES[status],
    status,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    ...Object.fromEntries(fields),
  }
  const headers = {
    'content-type': 'application/problem+json',
    ...(status === 503 && { 'retry-after': '1' }),
  }
  return jsonReply(status, problem, headers)
}
