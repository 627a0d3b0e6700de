import type { CommandOutcome } from '../deciding/command.ts'
import { findEarlier, type Sought } from '../deciding/earlier-events.ts'
import type { LiveActor } from './live-actor.ts'
import type { Surroundings } from './surroundings.ts'

/** A reply follows from the name of the command, which nobody keeps. */
const silent = { name: 'outcome', model: { reply: undefined } }

/**
 * What became of a command, once all that was posted to the actor before is done. That it remembers none
 * is the store's word, not that of a memory which may be behind.
 * @throws AetherError `overloaded`, `malformed-event`, `actor-failed`, and those of the store
 */
export async function outcomeOf(
  live: LiveActor,
  commandId: string,
  sought: Sought,
  { store }: Surroundings,
): Promise<CommandOutcome | undefined> {
  const hold = await live.hold()
  try {
    const { state, isFresh } = await live.state()
    const isKnown = live.memoryIfAny?.find(commandId) !== undefined
    if (!isKnown && !isFresh && (await store.latestVersion(live.actorId)) !== state.version) {
      live.forget()
      await live.state()
    }
    const record =
      live.memoryIfAny?.find(commandId) ??
      (await findEarlier(store, live.actorId, commandId, sought))
    if (!record) return undefined
    const { reply: _none, ...outcome } = await live.recall(record, silent)
    return outcome
  } finally {
    hold.release()
  }
}
