import type * as JetStream from '@nats-io/jetstream'
import type * as Transport from '@nats-io/transport-node'
import { AetherError, messageOf } from '../../../core/index.ts'

/** The NATS client: optional packages that are loaded only when a store is opened. */
export interface ClientLibrary {
  readonly transport: typeof Transport
  readonly jetstream: typeof JetStream
}

/** @throws AetherError `missing-dependency` */
export async function loadClientLibrary(): Promise<ClientLibrary> {
  try {
    const [transport, jetstream] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
    ])
    return { transport, jetstream }
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    throw new AetherError(
      'missing-dependency',
      'the NATS backend needs the NATS client: npm install @nats-io/transport-node @nats-io/jetstream',
      { cause },
    )
  }
}

/** Only a package of the client itself: what it misses inside is not cured by that advice. */
function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return (
    code === 'ERR_MODULE_NOT_FOUND' &&
    /@nats-io\/(transport-node|jetstream)'/.test(messageOf(error))
  )
}
