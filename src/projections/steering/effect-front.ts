import { MalformedEventError } from '../../core/index.ts'
import type { EventStore, LogEntry } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { ownerOf } from '../progress/failed-event.ts'
import { leastOf, type PartState } from '../progress/part-progress.ts'
import { EventIntake } from '../reading/event-intake.ts'

interface Around {
  readonly store: EventStore
  /** How far each part is, as far as that is known here. */
  readonly parts: () => Promise<readonly PartState[]>
}

/** What has taken effect of a build. */
export interface Effects {
  /** Everything up to here has, but of those who are held back. */
  readonly position: number
  /** How far each part was, as it is stored, when that was seen. */
  readonly parts: readonly PartState[]
}

/** How many events are looked through at most, each time. */
const maxAtOnce = 2_000

/**
 * Up to where everything of a build has taken effect, as it is seen from outside. Members store it at once where
 * they handled something, but only now and then that there was nothing to handle: so of the parts of others, the
 * log is asked whether there is.
 */
export class EffectFront {
  readonly #around: Around
  readonly #actorTypes: readonly string[]
  readonly #intake: EventIntake
  #position = 0
  /** The first event that was not handled when it was seen. */
  #open: { readonly part: number; readonly position: number } | undefined
  #looking: Promise<Effects> | undefined
  /** The greatest position that is asked for by those who look now. */
  #wanted = 0

  /** @param model of the code that makes the build */
  constructor(model: ReaderModel, around: Around) {
    this.#around = around
    this.#actorTypes = [...model.actors.keys()]
    this.#intake = new EventIntake(model)
  }

  /**
   * How it is, or was a moment ago: whoever asks while it is found out gets the same answer. Further than to the
   * position, nothing needs to be found out.
   */
  look(position: number): Promise<Effects> {
    if (!this.#looking) this.#wanted = 0
    this.#wanted = Math.max(this.#wanted, position)
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #look(): Promise<Effects> {
    const parts = await this.#around.parts()
    this.#passTo(leastOf(parts))
    const isOpen = this.#open !== undefined && !isDone(this.#open, parts)
    if (this.#position < this.#wanted && !isOpen) await this.#advance(parts)
    return { position: this.#position, parts }
  }

  /** Goes on behind what is known, to the first event that is still to be handled. */
  async #advance(parts: readonly PartState[]): Promise<void> {
    const { store } = this.#around
    this.#open = undefined
    // What isn't stored yet may be for anybody.
    const end = await store.lastPosition()
    if (end <= this.#position) return
    const filter = { actorTypes: this.#actorTypes }
    let left = maxAtOnce
    const batches = store.readBatches({ after: this.#position, reach: end, filter })
    for await (const entries of batches) {
      for (const entry of entries) {
        const { position } = entry
        const part = this.#partOf(entry)
        if (part !== undefined && !isDone({ part, position }, parts)) {
          this.#open = { part, position }
          return this.#passTo(position - 1)
        }
      }
      const last = entries.at(-1)
      if (last) this.#passTo(endOf(last))
      left -= entries.length
      if (left <= 0) return
    }
    this.#passTo(end)
  }

  /** It never goes back: what has taken effect stays so. */
  #passTo(position: number): void {
    this.#position = Math.max(this.#position, position)
  }

  /** Of the actor for which there is something to be handled; undefined where there is nothing. */
  #partOf(entry: LogEntry): number | undefined {
    const concerned = this.#intake.concerned(ownerOf(entry))
    if (!concerned) return undefined
    if (entry instanceof MalformedEventError) return concerned.part
    try {
      return this.#intake.read(entry)?.part
    } catch {
      return concerned.part // its actor is to be held back
    }
  }
}

function isDone(
  event: { readonly part: number; readonly position: number },
  parts: readonly PartState[],
): boolean {
  const part = parts[event.part]
  return (
    part !== undefined && (part.position >= event.position || part.done.includes(event.position))
  )
}

function endOf(entry: LogEntry): number {
  return entry instanceof MalformedEventError ? entry.lastPosition : entry.position
}
