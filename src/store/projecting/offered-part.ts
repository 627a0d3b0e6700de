import { AetherError } from '../../core/index.ts'
import type { ExpectedVersion, OfferedPart } from '../append/commit.ts'
import type { Append, VersionedAppend } from '../event-store.ts'

/**
 * What the caller demands of one actor.
 * @throws AetherError `invalid-argument`
 */
export function offeredPart(append: Append | VersionedAppend): OfferedPart {
  checkEvents(append)
  if (append.expectedVersion === undefined && isVersioned(append)) return savedPart(append)
  const { actorId, events, expectedVersion } = append
  checkExpectedVersion(expectedVersion)
  return { actorId, expected: expectedVersion, events }
}

/** Callers without types may give anything. */
function checkEvents({ actorId, events }: Append | VersionedAppend): void {
  if (Array.isArray(events) && events.every(isObject)) return
  throw new AetherError(
    'invalid-argument',
    `what is appended to ${actorId} must be a list of events`,
  )
}

function isObject(event: unknown): boolean {
  return typeof event === 'object' && event !== null
}

/** Callers without types may forget the version that they expect. */
function isVersioned(append: Append | VersionedAppend): append is VersionedAppend {
  return append.events.every((event) => 'version' in event)
}

function savedPart({ actorId, events }: VersionedAppend): OfferedPart {
  const below = events[0]?.version ?? 1
  for (const [index, { version }] of events.entries()) checkVersion(version, below + index)
  return { actorId, expected: { below }, events }
}

function checkVersion(version: number, expected: number): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new AetherError(
      'invalid-argument',
      `a version must be a whole number from 1, not ${String(version)}`,
    )
  }
  if (version === expected) return
  throw new AetherError(
    'invalid-argument',
    `events that are saved together have consecutive versions: not ${version} where ${expected} is next`,
  )
}

function checkExpectedVersion(expected: ExpectedVersion): void {
  if (expected === 'any' || (Number.isSafeInteger(expected) && expected >= 0)) return
  throw new AetherError(
    'invalid-argument',
    `expectedVersion must be a whole number from 0 or 'any', not ${typeof expected} ${String(expected)}`,
  )
}
