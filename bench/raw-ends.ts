import {
  createInbox,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node'
import type { ActorId } from 'aether'
import type { EventSubjects } from '../src/backends/nats/commits/event-subjects.ts'
import { eventsIn } from './stored-commit.ts'

/** Where the newest events of an actor stand. */
export interface EndOfActor {
  readonly actorId: ActorId
  /** Of the messages before the newest one, in the stream. */
  readonly sequences: readonly number[]
}

/** Asks what the store asks, knowing beforehand what it is answered. */
export class RawEnds {
  readonly #connection: NatsConnection
  readonly #subjects: EventSubjects
  readonly #inbox = createInbox()
  readonly #subscription: Subscription
  readonly #waiting = new Map<number, (message: Msg) => void>()
  #loads = 0

  constructor(connection: NatsConnection, subjects: EventSubjects) {
    this.#connection = connection
    this.#subjects = subjects
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (_, message) => {
        this.#waiting.get(Number(message.subject.slice(this.#inbox.length + 1)))?.(message)
      },
    })
  }

  /** Gives how many events there are. */
  async load({ actorId, sequences }: EndOfActor): Promise<number> {
    const { stream } = this.#subjects
    const leader = `$JS.API.STREAM.MSG.GET.${stream}`
    const replica = `$JS.API.DIRECT.GET.${stream}`
    const last = JSON.stringify({ last_by_subj: this.#subjects.of(actorId) })
    const gets = sequences.map((seq) => `{"seq":${seq},"no_hdr":true}`)
    const [[newest], others] = await Promise.all([
      this.#ask(leader, [last]),
      this.#ask(replica, gets),
    ])
    const { message } = newest?.json<{ message: { data: string } }>() ?? {}
    const events = eventsIn(Buffer.from(message?.data ?? '', 'base64'))
    return others.reduce((sum, { data }) => sum + eventsIn(data), events)
  }

  async close(): Promise<void> {
    this.#subscription.unsubscribe()
  }

  #ask(subject: string, bodies: readonly string[]): Promise<readonly Msg[]> {
    const number = this.#loads++
    const messages: Msg[] = []
    return new Promise((resolve) => {
      this.#waiting.set(number, (message) => {
        if (messages.push(message) < bodies.length) return
        this.#waiting.delete(number)
        resolve(messages)
      })
      for (const body of bodies)
        this.#connection.publish(subject, body, { reply: `${this.#inbox}.${number}` })
    })
  }
}
