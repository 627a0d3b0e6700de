import type { Todo } from './event-intake.ts'
import type { HandlerContext } from './reader-model.ts'

/** What a handler threw, and about which event. */
export interface HandlerFailure {
  readonly todo: Todo
  readonly index: number
  readonly cause: unknown
}

/** Runs handlers one after the other, in one turn as long as none of them waits. */
export class HandlerRun {
  readonly #todos: readonly Todo[]
  readonly #context: HandlerContext
  #failure: HandlerFailure | undefined
  #handled = 0

  constructor(todos: readonly Todo[], context: HandlerContext) {
    this.#todos = todos
    this.#context = context
  }

  /** What made it throw. */
  get failure(): HandlerFailure | undefined {
    return this.#failure
  }

  /** How many handlers succeeded, the last time. */
  get handled(): number {
    return this.#handled
  }

  /** Throws what a handler throws, and stops there. May be called again: it begins anew. */
  readonly write = (tx: unknown): void | Promise<void> => {
    this.#failure = undefined
    this.#handled = 0
    return this.#runFrom(0, tx)
  }

  #runFrom(first: number, tx: unknown): void | Promise<void> {
    const todos = this.#todos
    for (let index = first; index < todos.length; index++) {
      const todo = todos[index] as Todo
      let result: unknown
      try {
        result = todo.handler(todo.event, tx, this.#context)
      } catch (cause) {
        this.#fail(todo, index, cause)
      }
      if (isPromiseLike(result)) return this.#runOn(result, index, tx)
      this.#handled++
    }
  }

  async #runOn(waiting: PromiseLike<unknown>, first: number, tx: unknown): Promise<void> {
    let result: unknown = waiting
    for (let index = first; index < this.#todos.length; index++) {
      const todo = this.#todos[index] as Todo
      try {
        if (index > first) result = todo.handler(todo.event, tx, this.#context)
        if (isPromiseLike(result)) await result
      } catch (cause) {
        this.#fail(todo, index, cause)
      }
      this.#handled++
    }
  }

  #fail(todo: Todo, index: number, cause: unknown): never {
    this.#failure = { todo, index, cause }
    throw cause
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
