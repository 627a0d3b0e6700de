import { AetherError } from '../core/index.ts'

/** The bounds of the runtime: each an option. */
export interface ActorLimits {
  /** Commands that may wait for one actor; one more is `overloaded`. @default 1,000 */
  readonly mailboxCommands: number
  /** Commands that are stored in one append. @default 256 */
  readonly batchCommands: number
  /** Events that are stored in one append. @default 1,000 */
  readonly batchEvents: number
  /** How often a batch is decided again after another writer was faster. @default 3 */
  readonly conflictRetries: number
  /** Command ids that an actor remembers, newest first. @default 1,000 */
  readonly rememberedCommands: number
  /** Actors that are kept in memory; beyond it the least recently used idle ones are let go. @default 10,000 */
  readonly liveActors: number
}

const defaultLimits: ActorLimits = {
  mailboxCommands: 1_000,
  batchCommands: 256,
  batchEvents: 1_000,
  conflictRetries: 3,
  rememberedCommands: 1_000,
  liveActors: 10_000,
}

/**
 * The limits given, and the defaults of those that are not.
 * @throws AetherError `invalid-argument` for what is no bound
 */
export function completeLimits(given: Partial<ActorLimits> = {}): ActorLimits {
  const limits = { ...defaultLimits, ...given }
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'conflictRetries' ? 0 : 1
    if (Number.isSafeInteger(value) && value >= least) continue
    const message = `the limit ${name} must be a whole number from ${least}, not ${String(value)}`
    throw new AetherError('invalid-argument', message)
  }
  return limits
}
