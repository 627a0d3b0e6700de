import {
  type ActorId,
  AetherError,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
import type { EventStore, LogEntry } from '../../store/index.ts'
import type { CommandRecord, DeliveryOptions, Since } from './command.ts'

/** By how much the clocks of nodes may differ, whatever they should. */
const clockSkewMs = 10 * 60_000

/** What is said of a command that may have been carried out, and be forgotten. */
type Repeated = Pick<DeliveryOptions, 'commandId' | 'firstSent' | 'since'>

/** How it is looked for. */
export interface Sought {
  readonly since: Since | undefined
  readonly signal?: AbortSignal
}

/**
 * From where on its events may stand; undefined where nobody says that it may come again.
 * @throws AetherError `invalid-argument`
 */
export function sinceOf({ commandId, firstSent, since }: Repeated): Since | undefined {
  if (firstSent === undefined) return since
  if (!(firstSent instanceof Date) || Number.isNaN(firstSent.getTime()))
    throw new AetherError(
      'invalid-argument',
      `firstSent must be a valid Date, not ${String(firstSent)}`,
    )
  if (commandId === undefined)
    throw new AetherError(
      'invalid-argument',
      'firstSent is nothing without the commandId that was sent',
    )
  return { time: firstSent.getTime() }
}

/**
 * Where the events of a command with this id stand, if it was carried out since then: looked for in the
 * history of the actor, as that remembers its newest commands only. The newest one counts, where there are
 * several. Nothing where no `since` is given.
 * @throws AetherError those of the store
 */
export async function findEarlier(
  store: EventStore,
  actorId: ActorId,
  commandId: string | undefined,
  { since, signal }: Sought,
): Promise<CommandRecord | undefined> {
  if (commandId === undefined || !since) return undefined
  let found: CommandRecord | undefined
  const how = { direction: 'backwards', onMalformed: 'collect' } as const
  const options = signal ? { ...how, signal } : how
  for await (const entry of store.read(actorId, options)) {
    if (isBefore(entry, since)) break
    if (entry instanceof MalformedEventError) continue
    const { version } = entry
    const digest = digestIn(entry, commandId)
    if (found && (digest === undefined || version !== found.firstVersion - 1)) break
    if (digest === undefined) continue
    const lastVersion = found?.lastVersion ?? version
    found = { firstVersion: version, lastVersion, digest }
  }
  return found
}

/** Of the command, where the event is one of it. */
function digestIn({ metadata }: StoredEvent, id: string): string | undefined {
  return metadata.commandId === id ? metadata.commandDigest : undefined
}

function isBefore(entry: LogEntry, since: Since): boolean {
  if ('position' in since) return entry.position <= since.position
  // What can't be read has no time, and doesn't end the search.
  if (entry instanceof MalformedEventError) return false
  return Date.parse(entry.time) < since.time - clockSkewMs
}
