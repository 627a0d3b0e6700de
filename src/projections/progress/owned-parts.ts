import type { Progress } from '../../store/index.ts'
import type { LogMark } from './log-mark.ts'
import {
  leastOf,
  newPart,
  type PartProgress,
  type PartState,
  readProgress,
} from './part-progress.ts'

/** The parts of a build that this member works on, and how far they are by now. */
export class OwnedParts {
  readonly #parts: (PartProgress | undefined)[]
  /** Of those that rest, the first attempt of a switch for which they do. */
  readonly frozenFor: number | undefined

  /** @param found what is made of a part that was stored */
  constructor(
    stored: readonly Progress[],
    owned: ReadonlySet<string>,
    found: (progress: PartProgress) => PartProgress = (progress) => progress,
  ) {
    this.#parts = []
    const frozen: number[] = []
    for (const name of owned) {
      const own = stored.find(({ part }) => part === name)
      const progress = own ? found(readProgress(own)) : newPart(name, 0)
      const { frozenFor } = progress.state
      if (frozenFor === undefined) this.#parts[Number(name)] = progress
      else frozen.push(frozenFor)
    }
    this.frozenFor = frozen.length > 0 ? Math.min(...frozen) : undefined
  }

  get(part: number): PartProgress | undefined {
    return this.#parts[part]
  }

  get all(): readonly PartProgress[] {
    return this.#parts.filter((part) => part !== undefined)
  }

  /** Where to read on; infinite without parts. */
  get position(): number {
    return leastOf(this.all.map(({ state }) => state))
  }

  /** The log was read up to this event: it is stored with whatever is stored from now on. */
  mark(mark: LogMark): void {
    this.#parts.forEach((part, index) => {
      if (part) this.#parts[index] = { ...part, state: { ...part.state, mark } }
    })
  }

  /** Everything up to here was looked at, and nothing has to be done about it. */
  passTo(position: number): void {
    this.#parts.forEach((part, index) => {
      if (!part || part.state.position >= position) return
      this.#parts[index] = { ...part, state: { ...part.state, position } }
    })
  }

  /** Takes over what was stored of a part. */
  stored(part: number, { revision }: Progress, state: PartState): void {
    const name = String(part)
    this.#parts[part] = { part: name, revision, storedPosition: state.position, state }
  }
}
