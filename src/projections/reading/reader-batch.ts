import type { ProgressChange } from '../../store/index.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { OwnedParts } from '../progress/owned-parts.ts'
import { changeTo, holding, type PartProgress, type PartState } from '../progress/part-progress.ts'
import type { Todo } from './event-intake.ts'

/** So few events are rather handled again than stored by themselves. */
const fewEvents = 16
/** From so many failures on, few events are tried at a time: each try reads all that it is about. */
const manyFailures = 3

/** A stretch of the log on its way: what is to be handled of it, and who is held back by it. */
export class ReaderBatch {
  /** Where the stretch ends. */
  readonly last: number
  readonly #parts: OwnedParts
  readonly #held: (PartState | undefined)[] = []
  #all: Todo[] = []
  readonly #heldBack: HeldActor[] = []
  #failures = 0
  /** Where that ends which is handled first: all, or what comes before an event that fails. */
  #end: number
  /** Where that begins: behind what is stored already. */
  #start = 0
  /** By part, with holes where nothing is or was to be handled of it. */
  readonly #touched: true[] = []

  constructor(parts: OwnedParts, last: number) {
    this.#parts = parts
    this.last = last
    this.#end = last
  }

  /** What is to be handled next, and stored at once. */
  get todos(): readonly Todo[] {
    if (this.#end === this.last) return this.#all
    return this.#all.filter(({ stored }) => stored.position <= this.#end)
  }

  /** How far a part is, with those who are held back since this stretch. */
  stateOf(part: PartProgress, index: number): PartState {
    return this.#held[index] ?? part.state
  }

  add(todo: Todo): void {
    this.#all.push(todo)
    this.#touched[todo.part] = true
  }

  /** From here on, nothing of this actor is handled. */
  holdBack(part: number, actor: HeldActor): void {
    const progress = this.#parts.get(part)
    if (!progress) return
    this.#touched[part] = true
    this.#held[part] = holding(this.stateOf(progress, part), actor)
    this.#heldBack.push(actor)
    this.#all = this.#all.filter(
      ({ stored }) => stored.actorId !== actor.actorId || stored.position < actor.position,
    )
  }

  /** Who is held back by what is handled next. */
  get heldBack(): readonly HeldActor[] {
    return this.#heldBack.filter(({ position }) => position > this.#start && position <= this.#end)
  }

  /**
   * The one of this number among {@link todos} has failed: those before it are stored first, so that they
   * aren't handled once more for each that fails behind them. The last one of them is left, as few are: where
   * it succeeds again, it is the event that is to blame, and not what they all need.
   */
  cutBefore(failed: number): void {
    const witness = this.todos[failed - 1]
    const isMany = ++this.#failures > manyFailures
    const next = this.todos[failed + fewEvents]
    if (witness && failed > fewEvents) this.#end = witness.stored.position - 1
    else if (isMany && next) this.#end = next.stored.position - 1
  }

  /** What was to be handled next is stored; true where that was all. */
  advance(): boolean {
    const end = this.#end
    if (end === this.last) return true
    this.#all = this.#all.filter(({ stored }) => stored.position > end)
    this.#start = end
    this.#end = this.last
    return false
  }

  /** The parts that change by what is next in more than their position; others can be stored later. */
  changes(): readonly BatchChange[] {
    const isAll = this.#end === this.last
    const touched = isAll ? this.#touched : this.#touchedFirst()
    return touched.flatMap((_, index) => {
      const progress = this.#parts.get(index)
      if (!progress) return []
      const held = isAll ? this.stateOf(progress, index) : this.#heldFirst(progress, index)
      const state = { ...held, position: this.#end }
      return [{ index, state, change: changeTo(progress, state) }]
    })
  }

  #touchedFirst(): readonly true[] {
    const touched: true[] = []
    for (const { part } of this.todos) touched[part] = true
    return touched
  }

  /** Who is held back by an event behind it is not yet: what comes before that is still to be handled. */
  #heldFirst(part: PartProgress, index: number): PartState {
    const state = this.stateOf(part, index)
    const held = [...state.held].filter(([, { position }]) => position <= this.#end)
    return { ...state, held: new Map(held) }
  }
}

export interface BatchChange {
  /** The number of the part. */
  readonly index: number
  readonly state: PartState
  readonly change: ProgressChange
}
