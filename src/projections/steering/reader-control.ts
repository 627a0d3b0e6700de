import { AetherError } from '../../core/index.ts'
import type { DocumentTable } from '../../store/index.ts'

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
  /** Another one tells all members to look at the progress anew. */
  readonly nudge: number
}

interface BuildVersion {
  readonly build: number
  /** Of the code that makes it. */
  readonly version: number
}

interface RetiredBuild {
  readonly build: number
  /** Milliseconds since 1970, UTC. */
  readonly since: number
}

/** What comes after a state; undefined: nothing is to be changed. */
type Transition = (state: ControlState) => ControlState | undefined

const maxTries = 100

/** The state where the code of a version runs, as the first or as one of many members. */
export function joined(version: number, now: number): Transition {
  return (state) => {
    const newest = Math.max(...state.builds.map((each) => each.version))
    // An older one than those that are there makes nothing: it is about to be replaced.
    return version > newest ? rebuilding(version, now)(state) : undefined
  }
}

/** One more build beside the active one, in the place of another that was under way. */
export function rebuilding(version: number, now: number): (state: ControlState) => ControlState {
  return (state) => {
    const build = state.last + 1
    const kept = without(state, (each) => each.build !== state.active, now)
    return { ...kept, last: build, builds: [...kept.builds, { build, version }] }
  }
}

/** The state once a build is the one that is read; unchanged where it has no claim to that any more. */
export function activated(build: number, now: number): Transition {
  return (state) => {
    if (build <= state.active || !state.builds.some((each) => each.build === build))
      return undefined
    return { ...without(state, (each) => each.build < build, now), active: build }
  }
}

/** The state where some builds are over, and are dropped when everybody knows it. */
function without(
  state: ControlState,
  isOver: (build: BuildVersion) => boolean,
  now: number,
): ControlState {
  const over = state.builds.filter(isOver).map(({ build }) => ({ build, since: now }))
  const builds = state.builds.filter((each) => !isOver(each))
  return { ...state, builds, retired: [...state.retired, ...over] }
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

/** The document by which the members of one reader agree, changed by compare-and-set. */
export class ReaderControl {
  readonly #table: DocumentTable
  readonly #key: string
  readonly #version: number

  /** @param version of the code that runs here: the first build is of it */
  constructor(table: DocumentTable, name: string, version: number) {
    this.#table = table
    this.#key = `control/${name}`
    this.#version = version
  }

  /** The state as it is now; the first one where nobody has made any. */
  async read(): Promise<ControlState> {
    return (await this.#find()).state
  }

  /**
   * Makes a transition; gives the state after it, or as it is where nothing is to be changed.
   * @throws AetherError `overloaded` where others were faster again and again
   */
  async change(transition: Transition): Promise<ControlState> {
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      const { state, revision } = await this.#find()
      // The first state is stored in any case, so that all members begin with the same.
      const next = transition(state) ?? (revision === undefined ? state : undefined)
      if (!next) return state
      const put = await this.#table.put(this.#key, JSON.stringify(next), revision)
      if (put !== undefined) return next
    }
    const message = `the document ${this.#key} was changed by others ${maxTries} times in a row`
    throw new AetherError('overloaded', message)
  }

  watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#table.watch(wake)
  }

  async #find(): Promise<{ readonly state: ControlState; readonly revision: number | undefined }> {
    const found = await this.#table.get(this.#key)
    const state = found ? (JSON.parse(found.text) as ControlState) : this.#first()
    return { state, revision: found?.revision }
  }

  #first(): ControlState {
    const builds = [{ build: 1, version: this.#version }]
    return { active: 1, builds, retired: [], last: 1, isPaused: false, nudge: 0 }
  }
}
