import type { ActorId } from '../../core/index.ts'

/**
 * What a backend implements for messages to actors that are delivered later: one entry a key, handed
 * out when it is due to one of all who ask, in whichever process, and again until it is settled. What
 * the text says, when to try again and what is final is decided above it, once, by the actors' room.
 */
export interface Agenda {
  /**
   * Puts the entry under its key if and only if `replaces` agrees to what is there, which it may be
   * asked several times. Resolves once it is as durable as events are. What it replaces is not handed
   * out any more, and settling it has no effect.
   */
  put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean>
  /** Takes the entry away; false where there is none. One that is handed out already still counts. */
  remove(key: AgendaKey): Promise<boolean>
  /**
   * The entries of one actor, or of all, in no order: those that are due first, so many at least. One that was
   * settled may show for a moment more, one that is put off meanwhile twice.
   */
  list(actorId: ActorId | undefined, limit: number): AsyncIterable<AgendaEntry>
  /**
   * From now on gives entries that are due to `take`, several at once, never before their time. One
   * whose taker is gone, or threw, is given again after the lease. Ending it waits for those under way.
   */
  handOut(options: HandOutOptions, take: TakeEntry): HandOut
  /** Releases everything, after all handing out was ended. Called once. */
  close(): Promise<void>
}

/** What an entry is known by. */
export interface AgendaKey {
  readonly actorId: ActorId
  /** A message is due at once, a reminder at a time. */
  readonly kind: AgendaKind
  /** 1 to 200 characters of Unicode text. */
  readonly name: string
}

export type AgendaKind = 'message' | 'reminder'

/** What is to be delivered, and when. */
export interface AgendaEntry extends AgendaKey {
  /** Milliseconds since 1970, UTC, by the clock of the store. */
  readonly due: number
  readonly text: string
}

/** Whether this entry, or nothing, may give way. */
export type ReplacesEntry = (current: AgendaEntry | undefined) => boolean

/** Deals with an entry, and says what comes of it: nothing more, or the same key again later. */
export type TakeEntry = (entry: AgendaEntry) => Promise<NextEntry | undefined>

/** How an entry goes on. */
export type NextEntry = Pick<AgendaEntry, 'due' | 'text'>

/** A handing out that goes on until it is ended. */
export interface HandOut extends AsyncDisposable {
  /**
   * How many entries of each of its types are due and in nobody's hands, whoever puts them. Types of which
   * that isn't known now are left out.
   */
  waiting(): Promise<ReadonlyMap<string, number>>
}

/** What is handed out. */
export interface HandOutOptions {
  /** Only entries for actors of these types. */
  readonly types: readonly string[]
  /** How many takers are at work at once, at most. */
  readonly concurrency: number
  /** After how many milliseconds without an answer an entry is given to somebody else. */
  readonly leaseMs: number
}
