import type { ActorId } from '../../core/index.ts'
import type { AgendaEntry, AgendaKey, NextEntry, ReplacesEntry } from './agenda.ts'

/**
 * What is left of an {@link Agenda} for a backend that can be asked what is due: a table of entries
 * that can be claimed for a while.
 */
export interface ClaimTable {
  /** As {@link Agenda.put}; the entry is claimed by nobody. */
  put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean>
  remove(key: AgendaKey): Promise<boolean>
  /** As {@link Agenda.list}. */
  list(actorId: ActorId | undefined, limit: number): AsyncIterable<AgendaEntry>
  /**
   * Claims entries of these types that are due and not claimed, the longest due first. What ends all who could
   * have claimed something may undo it.
   */
  claim(wanted: ClaimRequest): Promise<readonly Claim[]>
  /**
   * Takes the entry away or puts the next in its place; without effect where the claim is over. It is done for
   * everybody once this resolves; a power cut may undo the last of it.
   */
  settle(claim: Claim, next: NextEntry | undefined): Promise<void>
  /** When the next entry of these types can be claimed, as far as is known. */
  nextClaimable(types: readonly string[]): Promise<number | undefined>
  /** How many entries of each type are due and not claimed; types that have none may be left out. */
  countClaimable(types: readonly string[], now: number): Promise<ReadonlyMap<string, number>>
  /** Calls `wake` soon after somebody has put an entry or ended a claim; at times for nothing. */
  watch(wake: () => void): Disposable
  close(): Promise<void>
}

export interface ClaimRequest {
  readonly types: readonly string[]
  readonly now: number
  /** When others may claim them again. */
  readonly until: number
  readonly limit: number
}

/** An entry that is in somebody's hands. */
export interface Claim {
  readonly entry: AgendaEntry
  /** Grows whenever the key is put anew. */
  readonly revision: number
  /** How often it has been claimed. */
  readonly claims: number
}
