import { type Clock, isAetherError, messageOf } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { CalledMember } from '../membership/roll-call.ts'
import { heldUpTo, leastOf, type PartState } from '../progress/part-progress.ts'
import { codeOf } from './build-code.ts'
import { groupOf } from './build-run.ts'
import { type ControlState, knownBuilds } from './control-state.ts'
import { lagOf } from './lag-of.ts'
import type {
  NextBuild,
  ProjectionLag,
  ProjectionStatus,
  SilentMembers,
} from './projection-status.ts'

/** What a status says that needs to be found out. */
export interface Found {
  readonly parts: readonly PartState[]
  /** Of all builds. */
  readonly members: readonly CalledMember[]
  readonly error?: unknown
  readonly state: (lag: ProjectionLag) => ProjectionStatus['state']
}

/** A status of what was found out. */
export async function reportOf(
  model: ReaderModel,
  control: ControlState,
  found: Found,
  around: { readonly store: EventStore; readonly clock: Clock },
): Promise<ProjectionStatus> {
  const { name, kind, version } = model
  const position = leastOf(found.parts)
  const held = heldUpTo(Infinity, found.parts)
  const parked = held.filter(({ state }) => state === 'parked').length
  const lag = await lagOf(model, { position, oldest: held[0] }, around)
  const readVersion = knownBuilds(control).find(({ build }) => build === control.active)?.version
  const isOwn = readVersion === undefined || readVersion === codeOf(model).version
  const next = nextOf(name, control, found.members)
  const silent = silentIn(found.members, around.clock.now())
  return {
    name,
    kind,
    version,
    build: control.active,
    ...(!isOwn && { readVersion }),
    ...(next && { next }),
    state: found.state(lag),
    position,
    lag,
    parked,
    retrying: held.length - parked,
    members: livingIn(name, control.active, found.members),
    ...(silent && { silent }),
    ...(found.error !== undefined && { error: described(found.error) }),
  }
}

/** How many nodes share the parts of a build. */
export function livingIn(projection: string, build: number, all: readonly CalledMember[]): number {
  const group = groupOf({ projection, build })
  return all.filter((each) => each.group === group && !each.isSilent).length
}

/** Whether a node that runs it has trouble, only that node knows. */
export function storedState(
  { active, builds, isPaused }: ControlState,
  members: readonly CalledMember[],
  lag: ProjectionLag,
): ProjectionStatus['state'] {
  if (isPaused) return 'paused'
  if (members.length === 0) return 'stopped'
  if (members.every(({ isSilent }) => isSilent)) return 'silent'
  if (builds.some(({ build }) => build > active)) return 'rebuilding'
  return lag.events === 0 ? 'live' : 'catching-up'
}

function silentIn(members: readonly CalledMember[], now: number): SilentMembers | undefined {
  const silent = members.filter(({ isSilent }) => isSilent)
  if (silent.length === 0) return undefined
  const heardAt = Math.max(...silent.map((each) => each.heardAt))
  // A node may work on several builds.
  const nodes = new Set(silent.map(({ identity }) => identity))
  return { members: nodes.size, seconds: Math.max(0, (now - heardAt) / 1_000) }
}

function nextOf(
  projection: string,
  { active, builds }: ControlState,
  all: readonly CalledMember[],
): NextBuild | undefined {
  const next = builds.find(({ build }) => build > active)
  if (!next) return undefined
  const { build, version } = next
  return { build, version, members: livingIn(projection, build, all) }
}

function described(error: unknown): NonNullable<ProjectionStatus['error']> {
  const message = messageOf(error)
  return isAetherError(error) ? { code: error.code, message } : { message }
}
