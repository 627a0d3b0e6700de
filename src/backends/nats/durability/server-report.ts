import { messageOf } from '../../../core/index.ts'

/** When a server makes the disk keep what it has acknowledged. */
export type SyncSetting =
  | { readonly kind: 'always' }
  /** Now and then: what was acknowledged in between is lost in a power cut. */
  | { readonly kind: 'lazy'; readonly intervalMs: number }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What a server says of itself. */
export interface ServerReport {
  /** The name by which streams name it as well. */
  readonly server: string
  readonly sync: SyncSetting
}

/** What is of interest of `Varz` in nats-server's monitor.go. */
interface Varz {
  readonly server_name?: string
  readonly jetstream?: {
    readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number }
  }
}

/** Reads `/varz` of a server's HTTP monitoring. Never throws: a report without a name is a failure. */
export async function fetchReport(monitoring: string, signal: AbortSignal): Promise<ServerReport> {
  try {
    const answer = await fetch(`${monitoring}/varz`, { signal, redirect: 'error' })
    if (!answer.ok) return failure(`${monitoring} answers with status ${answer.status}`)
    return reportIn(await answer.json())
  } catch (error) {
    const { cause } = error as { cause?: unknown } // fetch hides there what went wrong
    return failure(`${monitoring} can't be read: ${messageOf(cause ?? error)}`)
  }
}

/** Also of what is no `Varz`: then without a name. */
export function reportIn(answer: unknown): ServerReport {
  const { server_name, jetstream } = (answer ?? {}) as Varz
  if (typeof server_name !== 'string') return failure('what answered is no nats-server')
  return { server: server_name, sync: syncSettingOf(jetstream?.config) }
}

/** Where JetStream is off, there is a configuration without an interval. */
function syncSettingOf(config: NonNullable<Varz['jetstream']>['config']): SyncSetting {
  const { sync_always, sync_interval } = config ?? {}
  if (sync_always === true) return { kind: 'always' }
  if (typeof sync_interval === 'number') return { kind: 'lazy', intervalMs: sync_interval / 1e6 }
  return { kind: 'unknown', reason: 'it does not tell its sync_interval' }
}

function failure(reason: string): ServerReport {
  return { server: '', sync: { kind: 'unknown', reason } }
}
