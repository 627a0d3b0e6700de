import type {
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from '../../store/index.ts'

/** What a target hands to the suite: an empty place of its own for every case. */
export interface ProjectionTargetSubject<
  Tx = unknown,
  Done extends void | Promise<void> = void | Promise<void>,
> {
  /** Opens the same place again, as another member does, or the same one after a restart. */
  open(): Promise<ProjectionTarget<Tx, Done>>
  /** Puts these numbers under these keys, as a handler does: of two under one key, the later stays. */
  write(tx: Tx, entries: Entries): Done
  /**
   * What somebody reads who knows nothing of builds, over a connection of their own; undefined where
   * there is nothing to be read yet.
   */
  read(): Promise<Entries | undefined>
}

/** What a case writes and reads. */
export type Entries = Readonly<Record<string, number>>

export const first: ProjectionBuild = { projection: 'sales', build: 1 }
export const second: ProjectionBuild = { projection: 'sales', build: 2 }

/** A member of a projection, as the cases use it. */
export class Member implements AsyncDisposable {
  readonly target: ProjectionTarget
  readonly #subject: ProjectionTargetSubject

  private constructor(target: ProjectionTarget, subject: ProjectionTargetSubject) {
    this.target = target
    this.#subject = subject
  }

  /** It has prepared these builds. */
  static async of(
    subject: ProjectionTargetSubject,
    ...builds: readonly ProjectionBuild[]
  ): Promise<Member> {
    const member = new Member(await subject.open(), subject)
    for (const build of builds) await member.target.prepare(build)
    return member
  }

  /** Stores the entries together with the parts. */
  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    entries: Entries = {},
  ): Promise<readonly Progress[] | undefined> {
    return this.target.commit(build, parts, (tx) => this.#subject.write(tx, entries))
  }

  /** Throws behind what it wrote. */
  fail(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    entries: Entries,
    error: Error,
  ): Promise<readonly Progress[] | undefined> {
    const fail = (): never => {
      throw error
    }
    return this.target.commit(build, parts, (tx) => {
      const writing = this.#subject.write(tx, entries)
      return writing ? writing.then(fail) : fail()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.target.close()
  }
}

/** The part at a place of the log. */
export function at(position: number, expected?: number, part = '0'): ProgressChange {
  return { part, text: JSON.stringify({ position }), expected }
}
