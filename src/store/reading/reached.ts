import { AetherError } from '../../core/index.ts'
import type { CommitLog } from '../commit-log.ts'

type Ends = Pick<CommitLog, 'endsBefore' | 'lastPosition'>

/**
 * Resolves if the log goes as far as this position.
 * @throws AetherError `unknown-position`
 */
export async function checkReached(
  log: Ends,
  position: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const end = position === 0 ? 0 : await log.lastPosition(signal)
  if (end >= position) return
  // It may have come to it meanwhile, or the one who answered doesn't know the end.
  if (log.endsBefore && !(await log.endsBefore(position, signal))) return
  throw new AetherError(
    'unknown-position',
    `the log ends at position ${end}, before ${position}: that is of another log, or this one was set back; begin at a position of this log`,
  )
}
