import type { ActorId } from '../../../core/index.ts'
import type { AgendaEntry } from '../../../store/index.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import type { StreamLeader } from '../reading/stream-leader.ts'
import { decodeEntry } from './agenda-message.ts'
import type { MessageSubjects } from './message-subjects.ts'

/** How many questions are under way at once: one after the other, they would take a round trip each. */
const width = 16

/** A part of the stream that is walked through. */
interface Lane {
  readonly from: number
  readonly to: number
}

/** What is kept, as the leader of the stream knows: by nothing but its key, so all has to be looked at. */
export class KeptList {
  readonly #leader: StreamLeader
  readonly #subjects: MessageSubjects

  constructor(leader: StreamLeader, subjects: MessageSubjects) {
    this.#leader = leader
    this.#subjects = subjects
  }

  /** Of one actor: the server finds their subjects without looking at others. */
  async *ofActor(actorId: ActorId): AsyncGenerator<AgendaEntry> {
    for (const filter of this.#subjects.kept(actorId)) {
      const subjects = await this.#leader.subjects(filter)
      for (let index = 0; index < subjects.length; index += width) {
        const some = subjects.slice(index, index + width)
        yield* entriesIn(await Promise.all(some.map((subject) => this.#leader.last(subject))))
      }
    }
  }

  /** Of all actors, walking through many parts of the stream at once. */
  async *all(): AsyncGenerator<AgendaEntry> {
    const { first_seq, last_seq } = (await this.#leader.info()).state
    for (const filter of this.#subjects.kept(undefined)) {
      // Where there is nothing, a server goes through all that there is.
      const first = await this.#leader.next(filter, first_seq)
      if (!first) continue
      yield* this.#walk(filter, lanesOf(first.seq, last_seq))
      // What was put off meanwhile has left its place, and is behind all that there was.
      yield* this.#walk(filter, [{ from: last_seq + 1, to: Infinity }])
    }
  }

  async *#walk(filter: string, all: readonly Lane[]): AsyncGenerator<AgendaEntry> {
    let lanes = all
    while (lanes.length > 0) {
      const messages = await Promise.all(lanes.map(({ from }) => this.#leader.next(filter, from)))
      const found = lanes.map(({ to }, index) => upTo(to, messages[index]))
      yield* entriesIn(found)
      lanes = lanes.flatMap(({ to }, index) => {
        const seq = found[index]?.seq ?? to
        return seq < to ? [{ from: seq + 1, to }] : []
      })
    }
  }
}

function lanesOf(first: number, last: number): readonly Lane[] {
  const length = Math.ceil((last - first + 1) / width)
  return Array.from({ length: width }, (_, index) => {
    const from = first + index * length
    return { from, to: Math.min(last, from + length - 1) }
  }).filter(({ from, to }) => from <= to)
}

function upTo(end: number, message: StoredMessage | null | undefined): StoredMessage | null {
  return message && message.seq <= end ? message : null
}

function* entriesIn(messages: readonly (StoredMessage | null)[]): Generator<AgendaEntry> {
  for (const message of messages) if (message) yield decodeEntry(message.data).entry
}
