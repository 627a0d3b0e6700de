/** What all members of a reader agree on. */
export interface ControlState {
  /** The build that is read. */
  readonly active: number
  /** Those that are kept up to date: the active one, and perhaps one that is to take its place. */
  readonly builds: readonly BuildVersion[]
  /** Those that nobody reads any more, until they are dropped. */
  readonly retired: readonly RetiredBuild[]
  /** The greatest number of a build so far. */
  readonly last: number
  readonly isPaused: boolean
  /** The active build rests, so that another one gets all that it has: undefined where none does. */
  readonly switching: PlannedSwitch | undefined
  /** How many switches were begun so far. */
  readonly attempts: number
  /** Another one tells all members to look at the progress anew. */
  readonly nudge: number
}

/** The way from the active build to the next one, as long as nothing is decided. */
export interface PlannedSwitch {
  /** The one that is to be read. */
  readonly build: number
  /** Never another's, so that whoever is late changes nothing. */
  readonly attempt: number
}

/** The code that makes a build. */
export interface BuildCode {
  readonly version: number
  /** Over how many parts the actors are spread. */
  readonly parts: number
}

/** A build, and where it is written. */
export interface PlacedBuild {
  readonly build: number
  /** Of the target, as it tells it; left out where nobody has written to it yet, or the target can't tell. */
  readonly place?: string
}

interface BuildVersion extends PlacedBuild {
  /** Of the code that makes it. */
  readonly version: number
  /** Of the code that makes it; left out where nobody has written it down yet. */
  readonly parts?: number
}

interface RetiredBuild extends PlacedBuild {
  /** Milliseconds since 1970, UTC. */
  readonly since: number
}

/** What comes after a state; undefined: nothing is to be changed. */
export type Transition = (state: ControlState) => ControlState | undefined

/** Where nobody has agreed on anything yet. */
export function firstState(code: BuildCode): ControlState {
  const builds = [{ build: 1, ...code }]
  const counts = { last: 1, attempts: 0, nudge: 0 }
  return { active: 1, builds, retired: [], isPaused: false, switching: undefined, ...counts }
}

/** The state where the code of a version runs, as the first or as one of many members. */
export function joined(code: BuildCode, now: number): Transition {
  return (state) => {
    const newest = Math.max(...state.builds.map((each) => each.version))
    // An older one than those that are there makes nothing: it is about to be replaced.
    return code.version > newest ? rebuilding(code, now)(state) : undefined
  }
}

/** Of a build of which nobody knows any more what code made it, nor of which log. */
const forgottenVersion = 0

/**
 * The state where the target has more builds than the members know of: what they agreed on is lost, or
 * something older was put in its place. So the next build is made from the beginning of the log, and until
 * it has caught up, readers of the target see what they saw.
 * @param newest the greatest number of a build in the target
 */
export function recovered(newest: number, code: BuildCode): Transition {
  return (state) => (newest > state.last ? forgotten(newest, code)(state) : undefined)
}

/**
 * The state where all that the target has is to be made anew, whatever is known of it.
 * @param newest the greatest number of a build in the target, or that is known
 */
export function forgotten(newest: number, code: BuildCode): (state: ControlState) => ControlState {
  return (state) => {
    const known = Array.from({ length: newest }, (_, index) => index + 1)
    const old = known.map((build) => ({ build, version: forgottenVersion }))
    const builds = [...old, { build: newest + 1, ...code }]
    return { ...state, active: newest, last: newest + 1, builds, retired: [], switching: undefined }
  }
}

/** The builds of which it is known what they are made of. */
export function knownBuilds({ builds }: ControlState): ControlState['builds'] {
  return builds.filter(({ version }) => version !== forgottenVersion)
}

/** Whether nobody knows what is in the build that is read. */
export function isForgotten({ active, builds }: ControlState): boolean {
  return builds.find(({ build }) => build === active)?.version === forgottenVersion
}

/**
 * One more build beside the active one, instead of another that was under way.
 * @param where it is to be written, if that is certain, and the greatest number of a build that is known there
 */
export function rebuilding(
  code: BuildCode,
  now: number,
  { newest = 0, ...where }: { readonly place?: string; readonly newest?: number } = {},
): (state: ControlState) => ControlState {
  return (state) => {
    const build = Math.max(state.last, newest) + 1
    const kept = without(state, (each) => each.build !== state.active, now)
    const builds = [...kept.builds, { build, ...code, ...where }]
    return { ...kept, last: build, builds, switching: undefined }
  }
}

/** The state where all builds of this code have a place: this one where they had none. */
export function placed(code: BuildCode, place: string): Transition {
  return (state) => {
    const isFree = (each: BuildVersion): boolean => each.place === undefined && isMadeBy(each, code)
    if (!state.builds.some(isFree)) return undefined
    return {
      ...state,
      builds: state.builds.map((each) => (isFree(each) ? { ...each, place } : each)),
    }
  }
}

/**
 * Whether a build is of this code. Where only the parts differ it isn't: nobody could tell how far which
 * actors are.
 */
export function isMadeBy({ version, parts }: BuildVersion, code: BuildCode): boolean {
  return version === code.version && (parts ?? code.parts) === code.parts
}

/** The state from which on the active build is to rest; unchanged where it does, or the other is over. */
export function switchPlanned(build: number): Transition {
  return (state) => {
    if (state.switching || !hasNext(state, build)) return undefined
    const attempt = state.attempts + 1
    return { ...state, attempts: attempt, switching: { build, attempt } }
  }
}

/** The state where the active build goes on; unchanged where that attempt is over already. */
export function switchGivenUp(attempt: number): Transition {
  return (state) =>
    state.switching?.attempt === attempt ? { ...state, switching: undefined } : undefined
}

/**
 * The state once a build is the one that is read; unchanged where it has no claim to that any more, or
 * the active one doesn't rest for this attempt any more.
 */
export function activated(build: number, attempt: number | undefined, now: number): Transition {
  return (state) => {
    if (!hasNext(state, build) || state.switching?.attempt !== attempt) return undefined
    const kept = without(state, (each) => each.build < build, now)
    return { ...kept, active: build, switching: undefined }
  }
}

function hasNext({ active, builds }: ControlState, build: number): boolean {
  return build > active && builds.some((each) => each.build === build)
}

/** The state where some builds are over, and are dropped when everybody knows it. */
function without(
  state: ControlState,
  isOver: (build: BuildVersion) => boolean,
  now: number,
): ControlState {
  const over = state.builds
    .filter(isOver)
    .map(({ build, place }) => ({ build, since: now, ...(place !== undefined && { place }) }))
  const builds = state.builds.filter((each) => !isOver(each))
  return { ...state, builds, retired: [...state.retired, ...over] }
}

/** Over how many parts the actors of a build are spread, whichever code makes it. */
export function partsIn({ builds }: ControlState, build: number, ofOwnCode: number): number {
  return builds.find((each) => each.build === build)?.parts ?? ofOwnCode
}

export function dropped(build: number): Transition {
  return (state) => {
    const retired = state.retired.filter((each) => each.build !== build)
    return retired.length < state.retired.length ? { ...state, retired } : undefined
  }
}

export function paused(isPaused: boolean): Transition {
  return (state) => (state.isPaused === isPaused ? undefined : { ...state, isPaused })
}

export function nudged(state: ControlState): ControlState {
  return { ...state, nudge: state.nudge + 1 }
}
