import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
import { EventSubjects } from '../commits/event-subjects.ts'
import type { ClientLibrary } from './client-library.ts'
import { connectionRefusal } from './connection-refusal.ts'
import type { NatsSettings } from './nats-options.ts'
import { checkServerVersion } from './server-version.ts'
import { SteadyAuthenticator } from './steady-authenticator.ts'

/**
 * Connects for good: from then on the client reconnects for ever.
 * @throws AetherError `store-unavailable` where no server answers; `incompatible-store` where it
 * refuses the login or TLS, or is too old.
 */
export async function connect(
  library: ClientLibrary,
  settings: NatsSettings,
): Promise<NatsConnection> {
  const nats = await firstConnection(library, settings)
  try {
    checkServerVersion(nats.info?.version ?? 'of an unknown version', settings.allowOldServer)
    return nats
  } catch (error) {
    await nats.close()
    throw error
  }
}

/** The client bounds each address alone; here all of them share the time. */
async function firstConnection(
  library: ClientLibrary,
  settings: NatsSettings,
): Promise<NatsConnection> {
  const { connectTimeoutMs } = settings
  const authenticator = new SteadyAuthenticator()
  const answered = new AbortController()
  const connecting = library.transport.connect(clientOptions(settings, authenticator))
  const tooLate = systemClock.sleep(connectTimeoutMs, answered.signal).then(() => {
    void connecting.then((nats) => nats.close()).catch(() => undefined)
    throw new Error(`no answer within ${connectTimeoutMs} ms`)
  })
  try {
    const nats = await Promise.race([connecting, tooLate])
    authenticator.connected()
    return nats
  } catch (cause) {
    throw connectionRefusal(cause, library, settings)
  } finally {
    answered.abort()
  }
}

function clientOptions(settings: NatsSettings, steady: SteadyAuthenticator): NodeConnectionOptions {
  const { addresses, credentials, name, namespace, connectTimeoutMs } = settings
  return {
    ...(addresses.needsTls ? { tls: {} } : {}),
    ...addresses.login,
    ...credentials,
    ...(credentials.authenticator && {
      authenticator: [credentials.authenticator].flat().map((each) => steady.guard(each)),
    }),
    name,
    // The bus hands messages of its own process over by itself. What the server sends is no echo.
    noEcho: true,
    inboxPrefix: new EventSubjects(namespace).inboxes,
    servers: [...addresses.hosts],
    timeout: connectTimeoutMs,
    // The store must outlive any outage; what can't wait so long is bounded by `retryForMs`.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 200,
    // A frozen server is noticed within 6 s, by default it would be 6 minutes; then another one is
    // found well within `retryForMs`.
    pingInterval: 2_000,
    maxPingOut: 2,
    // Else every request pays for an error with a stack, also when it succeeds.
    noAsyncTraces: true,
  }
}
