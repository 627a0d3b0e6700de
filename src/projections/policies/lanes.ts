/** Something to be done in a lane. Never rejects. */
type Job = () => Promise<void>

/** Jobs in lanes: those of one lane are done one after the other, of several at the same time. */
export class Lanes {
  readonly #width: number
  /** Lanes with jobs that wait; the first of each waits for those before it. */
  readonly #lanes = new Map<string, Job[]>()
  readonly #busy = new Set<string>()
  /** Lanes that could go on. */
  readonly #ready: string[] = []
  readonly #idle: (() => void)[] = []

  /** @param width how many jobs are under way at most */
  constructor(width: number) {
    this.#width = width
  }

  /** Whether anything is under way. */
  get isBusy(): boolean {
    return this.#busy.size > 0
  }

  add(lane: string, job: Job): void {
    const waiting = this.#lanes.get(lane)
    if (waiting) waiting.push(job)
    else this.#lanes.set(lane, [job])
    if (waiting || this.#busy.has(lane)) return
    this.#ready.push(lane)
    this.#start()
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#lanes.clear()
    this.#ready.length = 0
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #start(): void {
    while (this.#busy.size < this.#width) {
      const lane = this.#ready.shift()
      if (lane === undefined) return
      const job = this.#next(lane)
      if (!job) continue
      this.#busy.add(lane)
      void job().then(() => this.#end(lane))
    }
  }

  #next(lane: string): Job | undefined {
    const waiting = this.#lanes.get(lane)
    const job = waiting?.shift()
    if (waiting?.length === 0) this.#lanes.delete(lane)
    return job
  }

  #end(lane: string): void {
    this.#busy.delete(lane)
    if (this.#lanes.has(lane)) this.#ready.push(lane)
    this.#start()
    if (this.#busy.size === 0) for (const tell of this.#idle.splice(0)) tell()
  }
}
