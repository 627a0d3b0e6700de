/** A projection is built anew beside the one that is read: each time is a build. */
export interface ProjectionBuild {
  readonly projection: string
  /** 1, 2, 3 … */
  readonly build: number
}

/** How far one part of a build is. */
export interface Progress {
  /** The part: `0`, `1` … */
  readonly part: string
  /** What the projection writes there and reads again: JSON, of at most some 100 KB. */
  readonly text: string
  readonly revision: number
}

/** A part to be stored; `expected` is undefined where it must be new. */
export interface ProgressChange {
  readonly part: string
  readonly text: string
  readonly expected: number | undefined
}
