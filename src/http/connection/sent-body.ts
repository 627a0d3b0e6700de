import type { IncomingMessage, ServerResponse } from 'node:http'
import { AetherError, messageOf } from '../../core/index.ts'
import { GatheredBody } from '../exchange/body.ts'
import type { Line } from './connections.ts'
import type { UnfinishedBodies } from './unfinished-bodies.ts'

/**
 * The body of a request. A client that waits for leave to send it is given that.
 * @throws AetherError `too-large`, `invalid-json`, `invalid-argument`; `overloaded` where it has to give way to others
 */
export async function sentBody(
  request: IncomingMessage,
  response: ServerResponse,
  { gone, broken }: Line,
  unfinished: UnfinishedBodies,
): Promise<string> {
  if (waitsForLeave(request)) response.writeContinue()
  const body = new GatheredBody()
  try {
    await unlessCutOff(request, broken, (cutOff) =>
      gather(request, body, () => unfinished.hold(body, cutOff)),
    )
    return body.text()
  } catch (error) {
    gone.throwIfAborted()
    throw error
  } finally {
    unfinished.letGo(body)
    // Nothing ends the reading of a body that was cut off.
    body.discard()
  }
}

async function gather(
  request: IncomingMessage,
  body: GatheredBody,
  unfinished: () => void,
): Promise<void> {
  // The answer to a body that is too large must still get out on this connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (body.isDiscarded) return
    body.add(chunk as Uint8Array)
    // Nearly all are here at once.
    if (!request.complete) unfinished()
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
  read: (cutOff: (error: AetherError) => void) => Promise<void>,
): Promise<void> {
  const cutOff = Promise.withResolvers<never>()
  const onBroken = (): void => {
    if (!request.complete) cutOff.reject(brokenOff(broken.reason))
  }
  broken.addEventListener('abort', onBroken, { once: true })
  if (broken.aborted) onBroken()
  try {
    await Promise.race([read(cutOff.reject), cutOff.promise])
  } finally {
    broken.removeEventListener('abort', onBroken)
  }
}

function brokenOff(cause: unknown): AetherError {
  const message = `the body can't be read to its end: ${messageOf(cause)}`
  return new AetherError('invalid-argument', message, { cause })
}
