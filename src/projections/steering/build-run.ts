import type { ProjectionBuild, ProjectionTarget } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { pauseAfter } from '../definition/reader-options.ts'
import { PolicyReader } from '../policies/policy-reader.ts'
import { PolicyTarget } from '../policies/policy-target.ts'
import type { PolicySurroundings } from '../policies/policy-work.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import {
  newPart,
  type PartProgress,
  type PartState,
  readProgress,
} from '../progress/part-progress.ts'
import { partNames } from '../progress/part.ts'
import type { ReaderState } from '../reading/reader-condition.ts'
import { Reader } from '../reading/reader.ts'
import type { Crew } from './crew.ts'

export interface BuildSurroundings extends PolicySurroundings {
  readonly crew: Crew
}

/** The first pause after the members could not be joined. */
const firstPauseMs = 200

/** One build of a reader, as this node takes part in it. */
export class BuildRun implements AsyncDisposable {
  readonly build: ProjectionBuild
  readonly #model: ReaderModel
  readonly #target: ProjectionTarget
  readonly #around: BuildSurroundings
  readonly #ending = new AbortController()
  readonly #joining: Promise<void>
  #ownership: PartOwnership | undefined
  #reader: Reader | PolicyReader | undefined
  #error: unknown

  constructor(
    model: ReaderModel,
    build: ProjectionBuild,
    target: ProjectionTarget,
    around: BuildSurroundings,
  ) {
    this.build = build
    this.#model = model
    this.#target = target
    this.#around = around
    this.#joining = this.#join()
  }

  get state(): ReaderState {
    return this.#reader?.state ?? (this.#error === undefined ? 'catching-up' : 'failed')
  }

  /** Why it can't go on, as long as it can't. */
  get error(): unknown {
    return this.#reader ? this.#reader.error : this.#error
  }

  /** The attempt of a switch for which a part of this member rests, as far as it knows. */
  get frozenFor(): number | undefined {
    return this.#reader instanceof Reader ? this.#reader.parts?.frozenFor : undefined
  }

  /** False where it is certain, without a question, that it did not get there. */
  mayHaveReached(position: number): boolean {
    const own = this.#reader?.parts
    return !own || own.position >= position
  }

  /** Somebody waits for a position: it doesn't rest before it is there. */
  hurryTo(position: number): void {
    if (this.#reader instanceof PolicyReader) this.#reader.hurryTo(position)
  }

  /** How far each part is: as it is by now where it is this member's, otherwise as it is stored. */
  async parts(): Promise<readonly PartState[]> {
    const own = this.#reader?.parts
    const names = partNames(this.#model.options.parts)
    const isAll = names.every((name) => own?.get(Number(name)))
    const stored = isAll ? [] : await storedParts(this.#target, this.build, names)
    return names.map((name, index) => {
      const known = own?.get(Number(name)) ?? stored[index] ?? newPart(name, 0)
      return known.state
    })
  }

  /** Somebody has changed the progress, or may have. */
  reload(): void {
    void this.#reader?.reload()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#joining
    await this.#reader?.[Symbol.asyncDispose]()
    await this.#ownership?.[Symbol.asyncDispose]()
  }

  async #join(): Promise<void> {
    const { clock, crew } = this.#around
    const parts = partNames(this.#model.options.parts)
    const { signal } = this.#ending
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        this.#ownership = await crew.join(groupOf(this.build), parts)
        this.#start(this.#ownership)
        return
      } catch (error) {
        this.#error = error
        this.#around.onProgress()
        await clock.sleep(pauseAfter(failures, firstPauseMs), signal).catch(() => undefined)
      }
    }
  }

  #start(ownership: PartOwnership): void {
    if (this.#ending.signal.aborted) return
    const target = this.#target
    this.#reader =
      target instanceof PolicyTarget
        ? new PolicyReader(this.#model, this.build, { target, ownership }, this.#around)
        : new Reader(this.#model, this.build, { target, ownership }, this.#around)
  }
}

/** What those who work on a build are called. */
export function groupOf({ projection, build }: ProjectionBuild): string {
  return `${projection}-${build}`
}

/** The parts of these names as they are stored, or as they begin. */
export async function storedParts(
  target: ProjectionTarget,
  build: ProjectionBuild,
  names: readonly string[],
): Promise<readonly PartProgress[]> {
  const stored = new Map(
    (await target.load(build, names)).map((part) => [part.part, readProgress(part)]),
  )
  const isAll = names.every((name) => stored.has(name))
  const start = !isAll && target instanceof PolicyTarget ? await target.seenStartOf(build) : 0
  return names.map((name) => stored.get(name) ?? newPart(name, start))
}
