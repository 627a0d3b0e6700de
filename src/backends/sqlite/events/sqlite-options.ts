import { AetherError } from '../../../core/index.ts'
import { checkRetention, type Retention } from '../../../store/index.ts'

/** Bounds of the SQLite backend, and what it keeps. */
export interface SqliteOptions {
  /** How many waiting appends one transaction stores, and makes durable, at most. @default 512 */
  readonly maxCommitsPerTransaction?: number
  /** How many appends may wait; one more is refused as `overloaded`. @default 10,000 */
  readonly maxWaitingCommits?: number
  /** How long a lock of another process is waited for, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number
  /**
   * Allows `trim` to remove old events from a file that is made now. A file that is there already must
   * have been made with exactly this. @default every event of a new file is kept; an existing one may
   * have been made with any
   */
  readonly retention?: Retention
}

/** The options with their defaults. */
export interface SqliteSettings extends Required<Omit<SqliteOptions, 'retention'>> {
  readonly retention?: Retention
}

/** @throws AetherError `invalid-argument` */
export function settingsOf(options: SqliteOptions): SqliteSettings {
  return {
    maxCommitsPerTransaction: wholeNumber(options, 'maxCommitsPerTransaction', 512),
    maxWaitingCommits: wholeNumber(options, 'maxWaitingCommits', 10_000),
    lockTimeoutMs: wholeNumber(options, 'lockTimeoutMs', 10_000),
    ...(options.retention && { retention: checkRetention(options.retention) }),
  }
}

function wholeNumber(
  options: SqliteOptions,
  name: Exclude<keyof SqliteOptions, 'retention'>,
  fallback: number,
): number {
  const value = options[name] ?? fallback
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new AetherError(
    'invalid-argument',
    `${name} of sqlite() must be a whole number from 1, not ${String(value)}`,
  )
}
