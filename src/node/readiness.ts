import { type Clock, messageOf } from '../core/index.ts'
import type { ReaderHealth } from '../projections/index.ts'
import type { EventStore } from '../store/index.ts'
import { limitedWait } from './limited-wait.ts'
import type { WriteWatch } from './write-watch.ts'

/** Whether a node can do its work. */
export interface Readiness {
  readonly ready: boolean
  /** What keeps it from that: empty if nothing does. */
  readonly reasons: readonly UnreadyReason[]
}

/** Something that must be well for the node to do its work, and isn't. */
export interface UnreadyReason {
  /** `node`, `store`, `view balances` … */
  readonly what: string
  readonly problem: string
}

/** What has to be well. */
interface Asked {
  readonly store: Pick<EventStore, 'lastPosition'>
  readonly writes: Pick<WriteWatch, 'refusal'>
  readonly readers: readonly ReaderHealth[]
  readonly clock: Clock
}

/** How long the store may take to answer. */
const answerMs = 2_000

/** Asks the store, and looks at the readers: one that is paused or catches up is well. */
export async function readinessOf({ store, writes, readers, clock }: Asked): Promise<Readiness> {
  const failed = readers.flatMap(({ kind, name, state, error }) =>
    state === 'failed' || state === 'stuck'
      ? [{ what: `${kind} ${name}`, problem: messageOf(error) }]
      : [],
  )
  const away = await storeTrouble(store, clock)
  const { refusal } = writes
  const refused = refusal ? [{ what: 'store', problem: refusal.message }] : []
  const reasons = [...(away.length > 0 ? away : refused), ...failed]
  return { ready: reasons.length === 0, reasons }
}

async function storeTrouble(
  store: Asked['store'],
  clock: Clock,
): Promise<readonly UnreadyReason[]> {
  try {
    await limitedWait(clock, answerMs, (signal) => store.lastPosition({ signal }))
    return []
  } catch (error) {
    return [{ what: 'store', problem: messageOf(error) }]
  }
}
