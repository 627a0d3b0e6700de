import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { fetchReport, reportIn, type ServerReport, type SyncSetting } from './server-report.ts'

export interface SyncSettingsContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  /** Where the servers' HTTP monitoring is, as far as that was named. */
  readonly monitoring: readonly string[]
  readonly timeoutMs: number
}

/**
 * Every server of the system answers it, and that which is named alone when one is. An account can
 * ask only if it imports this from the system account; without that, what an account is shown of a
 * server (`$SYS.REQ.USER.INFO`, `$SYS.REQ.ACCOUNT.PING.*`, `$JS.API.INFO`) doesn't tell.
 */
export const askServersSubject = '$SYS.REQ.SERVER.PING.VARZ'

/**
 * Finds out of each of these servers when it syncs: by the monitoring that was named, else by asking
 * it through the connection.
 * @throws the signal's reason.
 */
export async function findSyncSettings(
  servers: readonly string[],
  context: SyncSettingsContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SyncSetting>> {
  const reports = await Promise.all(
    context.monitoring.map((url) => fetchReport(url, within(context.timeoutMs, signal))),
  )
  const settings = await Promise.all(
    servers.map(
      async (server) =>
        knownIn(reports, server) ??
        explained(await ask(server, context, signal), reports, context.monitoring),
    ),
  )
  signal.throwIfAborted()
  return new Map(servers.map((server, index) => [server, settings[index] as SyncSetting]))
}

function within(timeoutMs: number, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
}

function knownIn(reports: readonly ServerReport[], server: string): SyncSetting | undefined {
  return reports.find((report) => report.server === server && report.sync.kind !== 'unknown')?.sync
}

async function ask(
  server: string,
  { library, link, timeoutMs }: SyncSettingsContext,
  signal: AbortSignal,
): Promise<SyncSetting> {
  const question = JSON.stringify({ server_name: server, exact_match: true })
  for (;;) {
    try {
      const answer = await link.attempt(
        () => link.nats.request(askServersSubject, question, { timeout: timeoutMs }),
        signal,
      )
      const report = reportIn(answer.json<{ data?: unknown }>().data)
      return report.server === server
        ? report.sync
        : { kind: 'unknown', reason: 'another answered' }
    } catch (error) {
      // That the connection was lost says nothing of the server.
      if (!link.isConnected && (await link.untilConnected(timeoutMs, signal))) continue
      const { kind } = failureOf(error, library)
      return { kind: 'unknown', reason: reasons[kind] ?? 'it does not answer' }
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  'no-responders': `the account does not import ${askServersSubject}`,
  forbidden: `the login may not ask ${askServersSubject}`,
}

/** Whoever named a monitoring wants to know what is wrong with that. */
function explained(
  setting: SyncSetting,
  reports: readonly ServerReport[],
  monitoring: readonly string[],
): SyncSetting {
  if (setting.kind !== 'unknown' || reports.length === 0) return setting
  const clauses = reports.map(({ server, sync }, index) => {
    if (server !== '') return `${monitoring[index]} is that of ${server}`
    return sync.kind === 'unknown' ? sync.reason : ''
  })
  return { kind: 'unknown', reason: [...clauses, setting.reason].join('; ') }
}
