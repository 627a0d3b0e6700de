import type { ActorDefinition, OpenOptions, ViewDefinition } from 'aether'
import type { SqliteTables } from 'aether/sqlite'

/** What one version of the code of a shop runs. */
export interface Release extends Required<
  Pick<OpenOptions<ActorDefinition>, 'actors' | 'projections' | 'policies'>
> {
  /** One row for each posting, where nothing keeps one from being written twice. */
  readonly tables: SqliteTables<'posting'>
  /** Of the last version of a deploy, what is looked at in the end. */
  readonly account?: ActorDefinition
  readonly totals?: ViewDefinition
}

export type MakeRelease = (tablesFile: string) => Release

/** How the readers of all versions go about failures: others take over soon. */
export const patient = { retries: 3, retryMs: 50 }
/** After how many further events a state is kept: so soon that each version meets those of the other. */
export const snapshotEvery = 3
/** How long after its first posting an account is reminded. */
export const reminderMs = 1_000

/** Where a posting is filed: few, so that those who file are in each other's way. */
export function receiptOf(account: string): string {
  return `r${Number(account.slice(1)) % 7}`
}

/** Cents by currency. */
export type Totals = Readonly<Record<string, number>>
export const noTotals: Totals = {}

export function euros(cents: number): Totals {
  return { EUR: cents }
}
