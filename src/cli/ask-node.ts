import { AetherError, type ErrorCode, errorCodes, messageOf } from '../core/index.ts'

/** What is asked of a running node. */
interface Question {
  /** @default GET */
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Sent as JSON. @default nothing */
  readonly body?: unknown
}

/**
 * What the gateway of a running node answers.
 * @throws AetherError `store-unavailable` where nobody answers; the problem that the node tells
 */
export async function askNode<T>(url: URL, { method = 'GET', body }: Question = {}): Promise<T> {
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    text = await answer.text()
  } catch (cause) {
    const message = `no node answers at ${url.origin} (${messageOf(cause)}): see --node`
    throw new AetherError('store-unavailable', message, { cause })
  }
  const value = asJson(text)
  if (answer.ok && value !== undefined) return value as T
  throw problemIn(value, `what answers at ${url.origin} is no node of Aether: see --node`)
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function problemIn(value: unknown, noProblem: string): AetherError {
  const { code, detail } = (value ?? {}) as { readonly code?: unknown; readonly detail?: unknown }
  if (typeof code !== 'string' || typeof detail !== 'string')
    return new AetherError('store-unavailable', noProblem)
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : 'internal'
  return new AetherError(known, detail)
}
