import { AetherError } from '../../core/index.ts'

/** Bounds of the SQLite backend. */
export interface SqliteOptions {
  /** How many waiting appends one transaction stores, and makes durable, at most. @default 512 */
  readonly maxCommitsPerTransaction?: number
  /** How many appends may wait; one more is refused as `overloaded`. @default 10,000 */
  readonly maxWaitingCommits?: number
  /** How long a lock of another process is waited for, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number
}

/** The options with their defaults. */
export type SqliteSettings = Required<SqliteOptions>

/** @throws AetherError `invalid-argument` */
export function settingsOf(options: SqliteOptions): SqliteSettings {
  return {
    maxCommitsPerTransaction: wholeNumber(options, 'maxCommitsPerTransaction', 512),
    maxWaitingCommits: wholeNumber(options, 'maxWaitingCommits', 10_000),
    lockTimeoutMs: wholeNumber(options, 'lockTimeoutMs', 10_000),
  }
}

function wholeNumber(options: SqliteOptions, name: keyof SqliteOptions, fallback: number): number {
  const value = options[name] ?? fallback
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new AetherError(
    'invalid-argument',
    `${name} of sqlite() must be a whole number from 1, not ${String(value)}`,
  )
}
