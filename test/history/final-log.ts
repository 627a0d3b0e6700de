import type { ActorId } from 'aether'
import type { LoggedEvent } from './history.ts'

/** The log as it is in the end, by everything that it is asked for. */
export class FinalLog {
  readonly events: readonly LoggedEvent[]
  readonly #byId = new Map<string, LoggedEvent[]>()
  readonly #byActor = new Map<ActorId, LoggedEvent[]>()
  readonly #indexOf = new Map<LoggedEvent, number>()

  constructor(events: readonly LoggedEvent[]) {
    this.events = events
    for (const [index, event] of events.entries()) {
      this.#indexOf.set(event, index)
      add(this.#byId, event.id, event)
      add(this.#byActor, event.actorId, event)
    }
  }

  get actorIds(): readonly ActorId[] {
    return [...this.#byActor.keys()]
  }

  /** One event, unless something is wrong. */
  withId(id: string): readonly LoggedEvent[] {
    return this.#byId.get(id) ?? []
  }

  /** In the order of the log. */
  ofActor(actorId: ActorId): readonly LoggedEvent[] {
    return this.#byActor.get(actorId) ?? []
  }

  /** The event of this version; of the first of them where something is wrong. */
  at(actorId: ActorId, version: number): LoggedEvent | undefined {
    return this.ofActor(actorId)[version - 1]
  }

  /** Its place in the log, from 0. */
  indexOf(event: LoggedEvent): number {
    return this.#indexOf.get(event) as number
  }

  /** The index of the first event behind the position. */
  indexBehind(position: number): number {
    let [low, high] = [0, this.events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.events[middle] as LoggedEvent).position > position) high = middle
      else low = middle + 1
    }
    return low
  }
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}
