import type { StoredEvent } from '../../core/index.ts'
import type { HandlerContext } from '../definition/reader-model.ts'
import type { Todo } from './event-intake.ts'
import type { Handling, ReaderName, ReaderObserver } from './reader-observer.ts'

/** What a handler threw, and about which event. */
export interface HandlerFailure {
  readonly todo: Todo
  readonly index: number
  readonly cause: unknown
}

/** Whose handlers they are, and who looks on. */
interface Watched {
  readonly reader: ReaderName
  readonly observer: ReaderObserver
}

/** Runs handlers one after the other, in one turn as long as none of them waits. */
export class HandlerRun {
  readonly #todos: readonly Todo[]
  readonly #context: HandlerContext
  readonly #watched: Watched
  /** Those that are to be seen, the last time. */
  #handlings = new Map<Todo, Handling>()
  #failure: HandlerFailure | undefined
  #handled = 0
  #waiting: Todo | undefined

  constructor(todos: readonly Todo[], context: HandlerContext, watched: Watched) {
    this.#todos = todos
    this.#context = context
    this.#watched = watched
  }

  /** What made it throw. */
  get failure(): HandlerFailure | undefined {
    return this.#failure
  }

  /** How many handlers succeeded, the last time. */
  get handled(): number {
    return this.#handled
  }

  /** The event whose handler is waited for. */
  get waiting(): Todo | undefined {
    return this.#waiting
  }

  /** The last of those that it was to handle. */
  get newest(): StoredEvent | undefined {
    return this.#todos.at(-1)?.stored
  }

  /** All that it handled took effect. */
  end(): void {
    for (const handling of this.#handlings.values()) handling.end()
  }

  /** Throws what a handler throws, and stops there. May be called again: it begins anew. */
  readonly write = (tx: unknown): void | Promise<void> => {
    this.#failure = undefined
    this.#handled = 0
    this.#handlings.clear()
    return this.#runFrom(0, tx)
  }

  #runFrom(first: number, tx: unknown): void | Promise<void> {
    const todos = this.#todos
    for (let index = first; index < todos.length; index++) {
      const todo = todos[index] as Todo
      let result: unknown
      try {
        result = this.#call(todo, tx)
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
        if (index > first) result = this.#call(todo, tx)
        this.#waiting = todo
        if (isPromiseLike(result)) await result
      } catch (cause) {
        this.#fail(todo, index, cause)
      } finally {
        this.#waiting = undefined
      }
      this.#handled++
    }
  }

  #call(todo: Todo, tx: unknown): unknown {
    const { handler, event, stored } = todo
    const { reader, observer } = this.#watched
    const handling = observer.begin?.(reader, stored)
    if (!handling) return handler(event, tx, this.#context)
    this.#handlings.set(todo, handling)
    return handling.run(() => handler(event, tx, this.#context))
  }

  #fail(todo: Todo, index: number, cause: unknown): never {
    this.#failure = { todo, index, cause }
    this.#handlings.get(todo)?.end({ cause })
    throw cause
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
