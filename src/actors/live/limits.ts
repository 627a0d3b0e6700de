import { AetherError } from '../../core/index.ts'

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
  /** Command ids that an actor remembers, newest first; and as many of commands without events. @default 1,000 */
  readonly rememberedCommands: number
  /** Actors that are kept in memory; beyond it the least recently used idle ones are let go. @default 10,000 */
  readonly liveActors: number
  /** How long an idle actor is kept in memory, in milliseconds. @default 600,000 (ten minutes) */
  readonly idleMs: number
  /**
   * How large the heap of the process may grow, in bytes, before the least recently used idle actors
   * are let go, half of them at a time. @default Infinity
   */
  readonly heapBytes: number
  /** How long a command waits for its answer, and who reads of an actor, in milliseconds. @default 5,000 */
  readonly commandTimeoutMs: number
  /** A decision that takes longer is logged, in milliseconds. @default 250 */
  readonly slowDecisionMs: number
  /** A state that took longer to replay is kept, in milliseconds. @default 100 */
  readonly longReplayMs: number
  /** How often an actor's own code may fail in a row before it is not asked any more. @default 10 */
  readonly failuresInARow: number
  /**
   * Messages and reminders that this node delivers at once, 100,000 at most; 0: it leaves them to others.
   * @default 32
   */
  readonly deliveries: number
  /**
   * After how long a message is delivered by somebody else if the node that has it is silent, in
   * milliseconds, a day at most. A delivery waits a third of it for the actor at most. @default 30,000
   */
  readonly deliveryLeaseMs: number
}

const defaultLimits: ActorLimits = {
  mailboxCommands: 1_000,
  batchCommands: 256,
  batchEvents: 1_000,
  conflictRetries: 3,
  rememberedCommands: 1_000,
  liveActors: 10_000,
  idleMs: 600_000,
  heapBytes: Infinity,
  commandTimeoutMs: 5_000,
  slowDecisionMs: 250,
  longReplayMs: 100,
  failuresInARow: 10,
  deliveries: 32,
  deliveryLeaseMs: 30_000,
}

/**
 * The limits given, and the defaults of those that are not.
 * @throws AetherError `invalid-argument` for what is no bound
 */
export function completeLimits(given: Partial<ActorLimits> = {}): ActorLimits {
  const limits = { ...defaultLimits, ...given }
  for (const [name, value] of Object.entries(limits)) {
    const least = mayBeZero.has(name) ? 0 : 1
    const most = greatest.get(name) ?? Infinity
    const isNumber = Number.isSafeInteger(value) || value === Infinity
    if (isNumber && value >= least && value <= most) continue
    const range = `from ${least}${most < Infinity ? ` to ${most}` : ''}`
    const message = `the limit ${name} must be a whole number ${range}, not ${String(value)}`
    throw new AetherError('invalid-argument', message)
  }
  return limits
}

/** Backends take no more. */
const greatest: ReadonlyMap<string, number> = new Map([
  ['deliveries', 100_000],
  ['deliveryLeaseMs', 86_400_000],
])

const mayBeZero: ReadonlySet<string> = new Set([
  'conflictRetries',
  'deliveries',
  'longReplayMs',
  'slowDecisionMs',
])
