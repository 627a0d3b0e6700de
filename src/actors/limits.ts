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

export const defaultLimits: ActorLimits = {
  mailboxCommands: 1_000,
  batchCommands: 256,
  batchEvents: 1_000,
  conflictRetries: 3,
  rememberedCommands: 1_000,
  liveActors: 10_000,
}
