import type { AuditEntry, LogEntry, StorageDamage } from '../../../store/index.ts'

/**
 * The entries behind a position, and where some are missing. Where nothing is removed by right, each row has
 * the position behind that of the one before: what fails takes its positions back.
 */
export async function* withRemovedRows(
  batches: AsyncIterable<readonly LogEntry[]>,
  after: number,
): AsyncGenerator<readonly AuditEntry[]> {
  let before = after
  const withHole = (entry: LogEntry): readonly AuditEntry[] => {
    const { position } = entry
    const hole = position > before + 1 ? [removed(before, position)] : []
    before = position
    return [...hole, entry]
  }
  for await (const entries of batches) yield entries.flatMap(withHole)
}

function removed(before: number, position: number): StorageDamage {
  const count = position - before - 1
  return {
    kind: 'removed-events',
    position: before + 1,
    message: `${count} ${count === 1 ? 'event was' : 'events were'} removed from the file: its positions go from ${before} to ${position}`,
  }
}
