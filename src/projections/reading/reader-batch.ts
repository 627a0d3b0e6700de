import type { ProgressChange } from '../../store/index.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { OwnedParts } from '../progress/owned-parts.ts'
import { changeTo, holding, type PartProgress, type PartState } from '../progress/part-progress.ts'
import type { Todo } from './event-intake.ts'

/** A stretch of the log on its way: what is to be handled of it, and who is held back by it. */
export class ReaderBatch {
  /** Where the stretch ends. */
  readonly last: number
  readonly #parts: OwnedParts
  readonly #held: (PartState | undefined)[] = []
  #todos: Todo[] = []
  /** By part, with holes where nothing is or was to be handled of it. */
  readonly #touched: true[] = []

  constructor(parts: OwnedParts, last: number) {
    this.#parts = parts
    this.last = last
  }

  get todos(): readonly Todo[] {
    return this.#todos
  }

  /** How far a part is, with those who are held back since this stretch. */
  stateOf(part: PartProgress, index: number): PartState {
    return this.#held[index] ?? part.state
  }

  add(todo: Todo): void {
    this.#todos.push(todo)
    this.#touched[todo.part] = true
  }

  /** From here on, nothing of this actor is handled. */
  holdBack(part: number, actor: HeldActor): void {
    const progress = this.#parts.get(part)
    if (!progress) return
    this.#touched[part] = true
    this.#held[part] = holding(this.stateOf(progress, part), actor)
    this.#todos = this.#todos.filter(
      ({ stored }) => stored.actorId !== actor.actorId || stored.position < actor.position,
    )
  }

  /** The parts that change by it in more than their position; others can be stored later. */
  changes(): readonly BatchChange[] {
    return this.#touched.flatMap((_, index) => {
      const progress = this.#parts.get(index)
      if (!progress) return []
      const state = { ...this.stateOf(progress, index), position: this.last }
      return [{ index, state, change: changeTo(progress, state) }]
    })
  }
}

export interface BatchChange {
  /** The number of the part. */
  readonly index: number
  readonly state: PartState
  readonly change: ProgressChange
}
