import type { EventStore } from '../../store/index.ts'
import type { CommandIdentity, CommandResult } from '../deciding/command.ts'
import type { Replying } from '../deciding/decide.ts'
import type { LiveActor } from './live-actor.ts'

/**
 * How a command with an id was answered where it was carried out before, by whichever process; undefined
 * where it was not. It waits for its turn as a command does.
 * @throws AetherError `overloaded`, `malformed-event`, `actor-failed`, and those of the store
 */
export async function earlierAnswer(
  live: LiveActor,
  command: Replying,
  { id, digest }: CommandIdentity,
  store: EventStore,
): Promise<CommandResult | undefined> {
  const hold = await live.hold()
  try {
    const { state, isFresh } = await live.state()
    if (!isFresh && (await store.latestVersion(live.actorId)) !== state.version) {
      live.forget()
      await live.state()
    }
    const record = live.memoryIfAny?.find(id)
    return record?.digest === digest ? await live.recall(record, command) : undefined
  } finally {
    hold.release()
  }
}
