import { isBusy } from './sqlite-failure.ts'

/** A connection to the file. */
interface Watched {
  /** A number that changes with each write of another connection. */
  foreignWrites(): number
  /** Throws where nothing will come any more. */
  checkFile?(): void
}

interface GrowthWatchSettings {
  /** How often the file is asked whether another process wrote to it; that costs some microseconds. */
  readonly pollMs: number
  /** Whether the process lives on for it. */
  readonly keepsAlive: boolean
}

/** How often the file is looked for, in polls: once a second, for who reads the log. */
const pollsPerCheck = 40

const ofReaders = { pollMs: 25, keepsAlive: true }

/** Tells who watches that the file has grown: at once of our own writes, soon of those of others. */
export class GrowthWatch {
  readonly #file: Watched
  readonly #settings: GrowthWatchSettings
  readonly #watchers = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #seen = 0
  #polls = 0

  constructor(file: Watched, settings: GrowthWatchSettings = ofReaders) {
    this.#file = file
    this.#settings = settings
  }

  add(wake: () => void): AsyncDisposable {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    if (!this.#timer) this.#start()
    return { [Symbol.asyncDispose]: async () => this.#remove(watcher) }
  }

  tell(): void {
    for (const wake of this.#watchers) wake()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #start(): void {
    this.#seen = this.#file.foreignWrites()
    this.#timer = setInterval(() => this.#poll(), this.#settings.pollMs)
    if (!this.#settings.keepsAlive) this.#timer.unref()
  }

  #remove(watcher: () => void): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #poll(): void {
    try {
      if (++this.#polls % pollsPerCheck === 0) this.#file.checkFile?.()
      const writes = this.#file.foreignWrites()
      if (writes === this.#seen) return
      this.#seen = writes
    } catch (thrown) {
      if (isBusy(thrown)) return
      // Who reads now meets the failure itself, and can say what it means.
    }
    this.tell()
  }
}
