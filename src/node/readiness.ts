import { type Clock, messageOf } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'

/** Whether a node can do its work. */
export interface Readiness {
  readonly ready: boolean
  /** What keeps it from that: empty if nothing does. */
  readonly reasons: readonly UnreadyReason[]
}

/** Something that must be well for the node to do its work, and isn't. */
export interface UnreadyReason {
  /** `store`, `projection orders` … */
  readonly what: string
  readonly problem: string
}

/** How long the store may take to answer. */
const answerMs = 2_000

/** Asks what must be well. Without a store the node was closed. */
export async function readinessOf(
  store: Pick<EventStore, 'lastPosition'> | undefined,
  clock: Clock,
): Promise<Readiness> {
  const problem = store ? await problemOf(store, clock) : 'the node was closed'
  const reasons = problem === undefined ? [] : [{ what: 'store', problem }]
  return { ready: reasons.length === 0, reasons }
}

async function problemOf(
  store: Pick<EventStore, 'lastPosition'>,
  clock: Clock,
): Promise<string | undefined> {
  const enough = new AbortController()
  const { signal } = enough
  try {
    return await Promise.race([
      store.lastPosition({ signal }).then(() => undefined),
      clock.sleep(answerMs, signal).then(() => `it did not answer within ${answerMs} ms`),
    ])
  } catch (error) {
    return messageOf(error)
  } finally {
    enough.abort()
  }
}
