import { isAetherError, type StoredEvent } from '../core/index.ts'
import type { Broadcast } from '../store/index.ts'
import { actorTypeOf, addressOfMessage, addressOfStored } from './addresses.ts'
import type { BusMessage } from './event-bus.ts'
import { namespaceParts } from './namespace.ts'
import type { Tally } from './tally.ts'
import { textOfNotices } from './wire-format.ts'

type Send = (text: string) => boolean

/** How many ways to send are kept. */
const maxSenders = 10_000

/** How many notices go in one text. */
const maxNotices = 200

/** Sends to the other processes. */
export class FarNodes {
  readonly #broadcast: Broadcast
  readonly #tally: Tally
  /** By namespace, type, and type of the actor. */
  readonly #senders = new Map<string, Map<string, Map<string | undefined, Send>>>()
  #senderCount = 0
  /** By type of the actor: what is stored in one turn of the event loop is told at its end, together. */
  #notices = new Map<string, StoredEvent[]>()

  constructor(broadcast: Broadcast, tally: Tally) {
    this.#broadcast = broadcast
    this.#tally = tally
  }

  /** @throws AetherError `too-large` */
  send(message: BusMessage): void {
    // What was stored before is told before.
    this.sendNotices()
    const { namespace, type, actorId } = message
    const send = this.#senderOf(namespace, type, actorId && actorTypeOf(actorId))
    if (!send(JSON.stringify(message))) this.#tally.dropped++
  }

  /** Tells of stored events, soon. */
  tell(events: readonly StoredEvent[]): void {
    if (this.#notices.size === 0) setImmediate(() => this.sendNotices())
    for (const event of events) {
      const actorType = actorTypeOf(event.actorId)
      const others = this.#notices.get(actorType)
      if (others) others.push(event)
      else this.#notices.set(actorType, [event])
    }
  }

  /** Sends the notices that wait. */
  sendNotices(): void {
    if (this.#notices.size === 0) return
    const all = this.#notices
    this.#notices = new Map()
    for (const [actorType, events] of all) {
      const send = this.#broadcast.sender(addressOfStored(actorType))
      for (let first = 0; first < events.length; first += maxNotices)
        this.#sendSome(send, events.slice(first, first + maxNotices))
    }
  }

  #sendSome(send: Send, events: readonly StoredEvent[]): void {
    try {
      if (!send(textOfNotices(events))) this.#tally.dropped += events.length
    } catch (error) {
      if (!isAetherError(error) || error.code !== 'too-large') throw error
      const half = Math.floor(events.length / 2)
      if (half === 0) {
        this.#tally.dropped++
        return
      }
      this.#sendSome(send, events.slice(0, half))
      this.#sendSome(send, events.slice(half))
    }
  }

  #senderOf(namespace: string, type: string, actorType: string | undefined): Send {
    return (
      this.#senders.get(namespace)?.get(type)?.get(actorType) ??
      this.#makeSender(namespace, type, actorType)
    )
  }

  #makeSender(namespace: string, type: string, actorType: string | undefined): Send {
    if (this.#senderCount++ >= maxSenders) {
      this.#senders.clear()
      this.#senderCount = 1
    }
    const address = addressOfMessage(namespaceParts(namespace), type, actorType)
    const send = this.#broadcast.sender(address)
    const byType = getOrMake(
      this.#senders,
      namespace,
      () => new Map<string, Map<string | undefined, Send>>(),
    )
    getOrMake(byType, type, () => new Map<string | undefined, Send>()).set(actorType, send)
    return send
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
