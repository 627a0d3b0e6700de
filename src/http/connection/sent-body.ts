import type { IncomingMessage, ServerResponse } from 'node:http'
import { AetherError, messageOf } from '../../core/index.ts'
import { readText } from '../exchange/body.ts'
import type { Line } from './connections.ts'

/** The body of a request. A client that waits for leave to send it is given that. */
export async function sentBody(
  request: IncomingMessage,
  response: ServerResponse,
  { gone, broken }: Line,
): Promise<string> {
  if (waitsForLeave(request)) response.writeContinue()
  try {
    // The answer to a body that is too large must still get out on this connection.
    return await unlessCutOff(request, broken, () =>
      readText(request.iterator({ destroyOnReturn: false })),
    )
  } catch (error) {
    gone.throwIfAborted()
    throw error
  }
}

/** `Expect: 100-continue` (RFC 9110, 10.1.1); Node itself answers what else somebody may expect. */
function waitsForLeave({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && headers.expect !== undefined
}

/**
 * Nothing tells a reader that the rest of its body can't come. What is broken may be behind the body as well:
 * then all of it is here.
 * @throws AetherError `invalid-argument`
 */
async function unlessCutOff(
  request: IncomingMessage,
  broken: AbortSignal,
  read: () => Promise<string>,
): Promise<string> {
  const cutOff = Promise.withResolvers<never>()
  const onBroken = (): void => {
    if (!request.complete) cutOff.reject(brokenOff(broken.reason))
  }
  broken.addEventListener('abort', onBroken, { once: true })
  if (broken.aborted) onBroken()
  try {
    return await Promise.race([read(), cutOff.promise])
  } finally {
    broken.removeEventListener('abort', onBroken)
  }
}

function brokenOff(cause: unknown): AetherError {
  const message = `the body can't be read to its end: ${messageOf(cause)}`
  return new AetherError('invalid-argument', message, { cause })
}
