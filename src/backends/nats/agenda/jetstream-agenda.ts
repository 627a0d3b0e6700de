import { type ActorId, AetherError, type Clock, type Logger } from '../../../core/index.ts'
import type {
  Agenda,
  AgendaEntry,
  AgendaKey,
  HandOut,
  HandOutOptions,
  ReplacesEntry,
  TakeEntry,
} from '../../../store/index.ts'
import { KeptEntries, type KeptEntriesContext } from './kept-entries.ts'
import { MessageDelivery } from './message-delivery.ts'

export interface JetStreamAgendaContext extends KeptEntriesContext {
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Messages in a stream of their own, which works as a queue for all nodes of the namespace: the server
 * hands each message to one of them, and again if that one is silent, and wakes reminders by itself.
 */
export class JetStreamAgenda implements Agenda {
  readonly #context: JetStreamAgendaContext
  readonly #entries: KeptEntries
  readonly #deliveries = new Set<MessageDelivery>()
  #isClosed = false

  constructor(context: JetStreamAgendaContext) {
    this.#context = context
    this.#entries = new KeptEntries(context)
  }

  /** Makes their stream where it is missing. */
  makeReady(): Promise<void> {
    const { stream } = this.#entries
    return stream.insist(() => stream.open())
  }

  async put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean> {
    this.#assertOpen()
    const entries = this.#entries
    await this.makeReady()
    for (const delivery of this.#deliveries) delivery.wake()
    // Messages are new as a rule: only one that is in the way is looked at.
    let found = entry.kind === 'message' ? undefined : await entries.find(entry)
    for (;;) {
      if (!replaces(found?.entry)) return false
      if (await entries.put(entry, found)) return true
      found = await entries.find(entry)
    }
  }

  async remove(key: AgendaKey): Promise<boolean> {
    this.#assertOpen()
    if (!(await this.#isThere())) return false
    for (;;) {
      const found = await this.#entries.find(key)
      if (!found) return false
      if (await this.#entries.remove(found)) return true
    }
  }

  async *list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    this.#assertOpen()
    if (await this.#isThere()) yield* this.#entries.list(actorId)
  }

  handOut(options: HandOutOptions, take: TakeEntry): HandOut {
    const { library, link, manager, clock, logger } = this.#context
    const around = { library, link, manager, clock, logger, entries: this.#entries }
    const { types, concurrency, leaseMs } = options
    const delivery = new MessageDelivery(around, { types, concurrency, leaseMs, take })
    this.#deliveries.add(delivery)
    return {
      waiting: () => delivery.waiting(),
      [Symbol.asyncDispose]: async () => {
        this.#deliveries.delete(delivery)
        await delivery[Symbol.asyncDispose]()
      },
    }
  }

  /** The connection is the events' as well, and closed with them. */
  async close(): Promise<void> {
    this.#isClosed = true
  }

  /** False as long as nobody has put anything. */
  #isThere(): Promise<boolean> {
    const { stream } = this.#entries
    return stream.insist(() => stream.isThere())
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new AetherError('closed', 'the event store was closed')
  }
}
