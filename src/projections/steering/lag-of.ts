import { type Clock, MalformedEventError } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { ProjectionLag } from './projection-status.ts'

interface Around {
  readonly store: EventStore
  readonly clock: Clock
}

/** How far a reader is. */
interface Standing {
  /** All is looked at up to here. */
  readonly position: number
  /** Who is held back by the oldest event; undefined where nobody is. */
  readonly oldest: HeldActor | undefined
}

/** How far a reader is behind the end of the log, and behind what it holds back. */
export async function lagOf(
  model: ReaderModel,
  { position, oldest }: Standing,
  around: Around,
): Promise<ProjectionLag> {
  const { store, clock } = around
  const events = await store.remaining(position)
  const since = await Promise.all([
    events === 0 ? undefined : nextTime(model, position, store),
    oldest && heldTime(oldest, store),
  ])
  const ages = since.map((time) => (time === undefined ? 0 : (clock.now() - time) / 1_000))
  return { events, seconds: Math.max(0, ...ages) }
}

/** When the next event that it is to look at was stored; undefined where there is none. */
async function nextTime(
  { actors }: ReaderModel,
  after: number,
  store: EventStore,
): Promise<number | undefined> {
  const filter = { actorTypes: [...actors.keys()] }
  for await (const { time } of store.readAll({ after, limit: 1, filter, onMalformed: 'skip' }))
    return Date.parse(time)
  return undefined
}

/** When the event that failed was stored. Of one that can't be read, or was removed, when it failed first. */
async function heldTime({ position, since }: HeldActor, store: EventStore): Promise<number> {
  const there = store.readAll({ after: position - 1, limit: 1, onMalformed: 'collect' })
  for await (const entry of there)
    if (entry.position === position && !(entry instanceof MalformedEventError))
      return Date.parse(entry.time)
  return since
}
