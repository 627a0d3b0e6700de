import { AetherError, type Clock, type Logger, unlessAborted } from '../../core/index.ts'
import type { ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import { dueNow, type HeldActor, passedOver } from '../progress/held-actor.ts'
import { changeTo, holding, type PartState, skipping } from '../progress/part-progress.ts'
import { partNames, partOf } from '../progress/part.ts'
import { storedParts } from './build-run.ts'

/** An actor that is held back, and in which build. */
export interface ParkedActor extends Omit<HeldActor, 'since' | 'nextTry'> {
  readonly build: number
  /** When its event failed first: ISO 8601, UTC. */
  readonly since: string
  /** When it is tried next by itself: ISO 8601, UTC. Left out where it is parked. */
  readonly nextTry?: string
}

interface Around {
  readonly target: ProjectionTarget
  readonly clock: Clock
  readonly logger: Logger
}

/** A build, which may be of other code than what runs here. */
export interface SpreadBuild extends ProjectionBuild {
  /** Over how many parts its actors are spread. */
  readonly parts: number
}

/** Which event is passed over, and why. */
export interface Skip {
  readonly reason: string
  /** @default the one that has failed, whichever it is */
  readonly position?: number
}

/** How often a change is tried that others were faster than. */
const maxTries = 100

/**
 * Where somebody sees who is held back, and decides what to do about it: on any member. A signal counts until
 * the first change is sent to the store.
 */
export class HeldDesk {
  readonly #around: Around

  constructor(around: Around) {
    this.#around = around
  }

  async list(build: SpreadBuild): Promise<readonly ParkedActor[]> {
    const stored = await storedParts(this.#around.target, build, partNames(build.parts))
    return stored.flatMap(({ state }) =>
      Array.from(state.held.values(), (actor) => shown(actor, build.build)),
    )
  }

  /** Lets the actor be tried again at once; false where it isn't held back. */
  retry(build: SpreadBuild, actorId: string, signal?: AbortSignal): Promise<boolean> {
    const now = this.#around.clock.now()
    const changed = changeOf(build, actorId, (state, actor) => holding(state, dueNow(actor, now)))
    return this.#changeParts(build, changed, signal)
  }

  /** {@link retry} for all who are held back; gives who they are. */
  async retryAll(build: SpreadBuild, signal?: AbortSignal): Promise<readonly string[]> {
    const now = this.#around.clock.now()
    const retried = new Set<string>()
    const changed = (state: PartState): PartState | undefined => {
      if (state.held.size === 0) return undefined
      for (const actorId of state.held.keys()) retried.add(actorId)
      const held = Array.from(state.held, ([id, actor]) => [id, dueNow(actor, now)] as const)
      return { ...state, held: new Map(held) }
    }
    await this.#changeParts(build, changed, signal)
    return [...retried]
  }

  /**
   * Passes over the one event that failed, and lets the others be tried; false where none has, or another one than
   * that which is meant.
   */
  skip(
    build: SpreadBuild,
    actorId: string,
    { reason, position: meant }: Skip,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { clock, logger } = this.#around
    const now = clock.now()
    // Should it get on meanwhile, the next event that fails is another matter.
    let failed = meant
    const changed = changeOf(build, actorId, (state, actor) => {
      const { position, type } = actor
      failed ??= position
      if (actor.isUntried || position !== failed) return undefined
      const fields = { projection: build.projection, build: build.build, actorId, position, reason }
      logger.warn(fields, `${type ?? 'the event'} of ${actorId} is passed over: ${reason}`)
      return skipping(state, passedOver(actor, now), {
        actorId: actor.actorId,
        position,
        reason,
        time: new Date(now).toISOString(),
      })
    })
    return this.#changeParts(build, changed, signal)
  }

  /** Changes the parts of which something else is given; false where none is. */
  async #changeParts(
    build: SpreadBuild,
    changed: PartChange,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { target } = this.#around
    const names = partNames(build.parts)
    for (let tries = 0; tries < maxTries; tries++) {
      // Where others were faster in one part, another may be changed already.
      const pending = tries === 0 ? signal : undefined
      const stored = await unlessAborted(pending, () => storedParts(target, build, names))
      const changes = stored.flatMap((part, index) => {
        const state = changed(part.state, index)
        return state ? [changeTo(part, state)] : []
      })
      if (changes.length === 0) return false
      if (await target.commit(build, changes, () => {})) return true
    }
    const message = `${build.projection} was changed by others ${maxTries} times in a row`
    throw new AetherError('overloaded', message)
  }
}

/** A part as it is to be, or undefined where it stays. */
type PartChange = (state: PartState, index: number) => PartState | undefined

/** What changes how one actor is held back. */
function changeOf(
  build: SpreadBuild,
  actorId: string,
  changed: (state: PartState, actor: HeldActor) => PartState | undefined,
): PartChange {
  const own = partOf(actorId, build.parts)
  return (state, index) => {
    const actor = index === own ? state.held.get(actorId as HeldActor['actorId']) : undefined
    return actor && changed(state, actor)
  }
}

function shown({ since, nextTry, ...actor }: HeldActor, build: number): ParkedActor {
  return {
    ...actor,
    build,
    since: new Date(since).toISOString(),
    ...(actor.state === 'retrying' && { nextTry: new Date(nextTry).toISOString() }),
  }
}
