import type { StoredEvent } from '../../core/index.ts'
import type { WriteOutcome } from '../commit-log.ts'
import type { Appended, AppendResult, CommitResult, Conflicted } from '../event-store.ts'
import type { OfferedPart } from './commit.ts'

/** What became of a commit: also that it stood there already. */
export type StoreOutcome = WriteOutcome & { readonly duplicate?: boolean }

/** What the caller of an append is told. */
export function appendResult(part: OfferedPart, outcome: StoreOutcome): AppendResult {
  if (!outcome.ok) return conflicted(part, outcome.currentVersion)
  return appended(outcome.parts[0] as readonly StoredEvent[], outcome.duplicate)
}

/** What the caller of a commit is told. */
export function commitResult(offered: readonly OfferedPart[], outcome: StoreOutcome): CommitResult {
  if (!outcome.ok)
    return conflicted(offered[outcome.partIndex] as OfferedPart, outcome.currentVersion)
  const { parts, duplicate = false } = outcome
  const position = Math.max(...parts.map((events) => events.at(-1)?.position ?? 0))
  const appends = parts.map((events, index) =>
    events.length > 0
      ? appended(events, duplicate)
      : guarded(offered[index] as OfferedPart, position, duplicate),
  )
  return { ok: true, position, appends, duplicate }
}

function appended(events: readonly StoredEvent[], duplicate = false): Appended {
  const { version, position } = events.at(-1) as StoredEvent
  return { ok: true, version, position, events, duplicate }
}

/** It stands where it was demanded. */
function guarded({ expected }: OfferedPart, position: number, duplicate: boolean): Appended {
  return { ok: true, version: Number(expected), position, events: [], duplicate }
}

function conflicted({ actorId, expected }: OfferedPart, currentVersion: number): Conflicted {
  // The event of an explicit version expects to stand right in front of it, at the latest.
  const expectedVersion = typeof expected === 'object' ? expected.below - 1 : expected
  return { ok: false, conflict: { actorId, expectedVersion, currentVersion } }
}
