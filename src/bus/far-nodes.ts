import { type StoredEvent, systemClock } from '../core/index.ts'
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

/** How many notices wait, at most, to be told. */
const maxWaiting = 1_000

/**
 * After notices were sent, those that follow are collected for so long: each text costs more than what an
 * append has to spare, however many notices are in it.
 */
const collectForMs = 5

/** Sends to the other processes. */
export class FarNodes {
  readonly #broadcast: Broadcast
  readonly #tally: Tally
  /** By namespace, type, and type of the actor. */
  readonly #senders = new Map<string, Map<string, Map<string | undefined, Send>>>()
  #senderCount = 0
  /** The events that are still to be told of. */
  #untold: StoredEvent[] = []
  #isPacing = false

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

  /** Tells of stored events: in this turn of the event loop, or shortly after others. */
  tell(events: readonly StoredEvent[]): void {
    for (const event of events) this.#untold.push(event)
    if (this.#untold.length >= maxWaiting) this.sendNotices()
    if (this.#isPacing) return
    this.#isPacing = true
    setImmediate(() => void this.#pace())
  }

  /** Sends the notices that wait. */
  sendNotices(): void {
    if (this.#untold.length === 0) return
    const untold = this.#untold
    this.#untold = []
    for (const [actorType, events] of Map.groupBy(untold, typeOf)) {
      const send = this.#broadcast.sender(addressOfStored(actorType))
      for (let first = 0; first < events.length; first += maxNotices)
        this.#sendSome(send, events.slice(first, first + maxNotices))
    }
  }

  async #pace(): Promise<void> {
    do {
      this.sendNotices()
      await systemClock.sleep(collectForMs)
    } while (this.#untold.length > 0)
    this.#isPacing = false
  }

  /** What is too large for one text goes in several. */
  #sendSome(send: Send, events: readonly StoredEvent[]): void {
    try {
      if (!send(textOfNotices(events))) this.#tally.dropped += events.length
    } catch {
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

function typeOf({ actorId }: StoredEvent): string {
  return actorTypeOf(actorId)
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
