import { MalformedEventError, parseActorId, type StoredEvent } from '../../core/index.ts'
import { named, parseCommandLine } from '../command-line.ts'
import { exitCode, type ExitCode } from '../exit-code.ts'
import { filterOptions, rangeOf } from '../filter-options.ts'
import { outputTo, progressLine } from '../output.ts'
import { openExisting, storeOptions } from '../store-option.ts'

/** What there is of one event type of one actor type. */
interface Kind {
  readonly actorType: string
  readonly type: string
  events: number
  first: string
  last: string
}

/** `aether events stats`: how many events of which kind there are, and from when. */
export async function stats(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommandLine(args, { ...storeOptions, ...filterOptions })
  named('events stats', positionals, [])
  const output = outputTo(values.json)
  const progress = progressLine()
  await using store = await openExisting(values.backend)
  const count = new Count()
  for await (const entry of store.readAll({ ...rangeOf(values), onMalformed: 'collect' })) {
    count.take(entry)
    if (count.entries % 1_000 === 0) progress.tell(`${count.entries} events`)
  }
  progress.end()
  for (const kind of count.kinds) await output.write(kind, lineOf)
  await output.write(
    count.total,
    ({ events, actors, malformed }) =>
      `${events} events of ${actors} actors${malformed > 0 ? `, ${malformed} that can't be read` : ''}`,
  )
  return exitCode.done
}

function lineOf({ actorType, type, events, first, last }: Kind): string {
  return `${String(events).padStart(10)} ${actorType}.${type} from ${first} to ${last}`
}

class Count {
  readonly #actors = new Set<string>()
  readonly #kinds = new Map<string, Kind>()
  #malformed = 0
  entries = 0

  get total(): { readonly events: number; readonly actors: number; readonly malformed: number } {
    return {
      events: this.entries - this.#malformed,
      actors: this.#actors.size,
      malformed: this.#malformed,
    }
  }

  get kinds(): readonly Kind[] {
    return [...this.#kinds.values()].toSorted((a, b) => b.events - a.events)
  }

  take(entry: StoredEvent | MalformedEventError): void {
    this.entries++
    if (entry instanceof MalformedEventError) {
      this.#malformed++
      return
    }
    const { actorId, type, time } = entry
    this.#actors.add(actorId)
    const actorType = parseActorId(actorId).type
    const name = `${actorType} ${type}`
    const kind = this.#kinds.get(name)
    if (!kind) {
      this.#kinds.set(name, { actorType, type, events: 1, first: time, last: time })
      return
    }
    kind.events++
    if (time < kind.first) kind.first = time
    if (time > kind.last) kind.last = time
  }
}
