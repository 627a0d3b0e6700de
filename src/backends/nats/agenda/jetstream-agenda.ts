import type { JetStreamManager } from '@nats-io/jetstream'
import {
  type ActorId,
  AetherError,
  type Clock,
  isAetherError,
  type Logger,
  messageOf,
} from '../../../core/index.ts'
import type {
  Agenda,
  AgendaEntry,
  AgendaKey,
  HandOutOptions,
  NextEntry,
  ReplacesEntry,
  TakeEntry,
} from '../../../store/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { RetryBudget } from '../connection/retry-budget.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { StreamLeader } from '../reading/stream-leader.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { SideStream, type SideStreamContext, sideStreamRefusal } from '../streams/side-stream.ts'
import { CommitPublisher } from '../writing/commit-publisher.ts'
import type { ConditionalPublisher } from '../writing/conditional-publisher.ts'
import { GroupedPublisher } from '../writing/grouped-publisher.ts'
import { decodeEntry, type KeptEntry, messagesOf } from './agenda-message.ts'
import { MessageDelivery } from './message-delivery.ts'
import { MessageSubjects } from './message-subjects.ts'

export interface JetStreamAgendaContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly namespace: string
  /** The stream of the messages gets as many replicas as this one has. */
  readonly eventStream: string
  readonly inbox: SharedInbox
  readonly conditional: ConditionalPublisher
  readonly retryForMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/** An entry, and where it stands. */
export interface FoundEntry extends KeptEntry {
  readonly sequence: number
}

/**
 * Messages in a stream of their own, which works as a queue for all nodes of the namespace: the server
 * hands each message to one of them, and again if that one is silent, and wakes reminders by itself.
 */
export class JetStreamAgenda implements Agenda {
  readonly #context: JetStreamAgendaContext
  readonly #subjects: MessageSubjects
  readonly #streamContext: SideStreamContext
  readonly #stream: SideStream
  readonly #leader: StreamLeader
  readonly #publisher: CommitPublisher
  /** For what takes more than one message. */
  readonly #grouped: GroupedPublisher
  readonly #deliveries = new Set<MessageDelivery>()
  #isClosed = false

  constructor(context: JetStreamAgendaContext) {
    const { library, link, manager, inbox, conditional, retryForMs } = context
    this.#context = context
    this.#subjects = new MessageSubjects(context.namespace)
    const { stream } = this.#subjects
    this.#streamContext = { ...context, wanted: configurationOf(this.#subjects), what: 'messages' }
    this.#stream = new SideStream(this.#streamContext)
    const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs })
    this.#leader = leader
    this.#publisher = new CommitPublisher({ publisher: conditional, leader, link, retryForMs })
    this.#grouped = new GroupedPublisher(this.#publisher)
  }

  async put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean> {
    this.#assertOpen()
    await this.#insist(() => this.#stream.open())
    for (const delivery of this.#deliveries) delivery.wake()
    // Messages are new as a rule: only one that is in the way is looked at.
    let found = entry.kind === 'message' ? undefined : await this.find(entry)
    for (;;) {
      if (!replaces(found?.entry)) return false
      if (await this.#publish(entry, found)) return true
      found = await this.find(entry)
    }
  }

  async remove(key: AgendaKey): Promise<boolean> {
    this.#assertOpen()
    if (!(await this.#insist(() => this.#stream.isThere()))) return false
    for (;;) {
      const found = await this.find(key)
      if (!found) return false
      if (await this.removeFound(found)) return true
    }
  }

  async *list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    this.#assertOpen()
    if (!(await this.#insist(() => this.#stream.isThere()))) return
    for (const subject of this.#subjects.kept(actorId)) {
      let message = await this.#leader.next(subject, 1)
      while (message) {
        yield decodeEntry(message.data).entry
        message = await this.#leader.next(subject, message.seq + 1)
      }
    }
  }

  handOut(options: HandOutOptions, take: TakeEntry): AsyncDisposable {
    const { library, link, manager, clock, logger } = this.#context
    const around = { library, link, manager, clock, logger, subjects: this.#subjects, agenda: this }
    const { types, concurrency, leaseMs } = options
    const delivery = new MessageDelivery(around, { types, concurrency, leaseMs, take })
    this.#deliveries.add(delivery)
    return {
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

  /** Whether anybody has told anything yet. */
  isInUse(): Promise<boolean> {
    return this.#context.link.attempt(() => this.#stream.isThere())
  }

  /** What stands under the key, as the leader knows. */
  async find(key: AgendaKey): Promise<FoundEntry | undefined> {
    const message = await this.#leader.last(this.#subjects.of(key))
    return message ? { sequence: message.seq, ...decodeEntry(message.data) } : undefined
  }

  /** Puts the next in its place, unless somebody was faster. */
  async replaceFound(found: FoundEntry, next: NextEntry): Promise<void> {
    await this.#publish({ ...found.entry, ...next }, found)
  }

  /** False where it doesn't stand there any more. */
  async removeFound(found: FoundEntry): Promise<boolean> {
    const { sequence } = found
    const { manager, library } = this.#context
    try {
      await this.#insist(() =>
        manager.streams.deleteMessage(this.#subjects.stream, sequence, false),
      )
    } catch (error) {
      if (isAetherError(error)) throw error
      if (failureOf(error, library).kind === 'refused') return false
      throw error
    }
    await this.#removeAlarm(found)
    return true
  }

  async #publish(entry: AgendaEntry, found: FoundEntry | undefined): Promise<boolean> {
    const messages = messagesOf(entry, found?.sequence ?? 0, this.#subjects)
    try {
      const isStored =
        messages.length > 1
          ? await this.#grouped.publish(messages)
          : (await this.#publisher.publish(messages)) !== 'superseded'
      if (!isStored) return false
    } catch (error) {
      // Should somebody have deleted the stream, the next one makes it anew.
      this.#stream.forget()
      throw error
    }
    if (found) await this.#removeAlarm(found)
    return true
  }

  /** An alarm without its reminder wakes nobody: it is only taken away to be out of the way. */
  async #removeAlarm({ entry: { actorId, kind }, token }: KeptEntry): Promise<void> {
    if (kind === 'message') return
    const { link, manager } = this.#context
    const filter = this.#subjects.alarm(actorId, token)
    const purging = link.attempt(() => manager.streams.purge(this.#subjects.stream, { filter }))
    await purging.catch(() => undefined)
  }

  /** Asks the server until it answers. What it refuses is thrown as it is, or explained. */
  async #insist<T>(request: () => Promise<T>): Promise<T> {
    const { link, library, retryForMs } = this.#context
    const budget = new RetryBudget(link, retryForMs)
    for (;;) {
      try {
        return await link.attempt(request)
      } catch (error) {
        if (isAetherError(error)) throw error
        const refusal = sideStreamRefusal(error, this.#streamContext)
        if (refusal) throw failureOf(error, library).kind === 'refused' ? error : refusal
        if (!(await budget.pause())) throw this.#outOfTime(error)
      }
    }
  }

  #outOfTime(cause: unknown): AetherError {
    const { link, retryForMs } = this.#context
    if (link.isClosing) return closed(cause)
    const message = `the stream ${this.#subjects.stream} did not answer within ${retryForMs} ms: ${messageOf(cause)}`
    return new AetherError('store-unavailable', message, { cause })
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed()
  }
}

function configurationOf({ stream, all }: MessageSubjects): StreamConfiguration {
  return {
    name: stream,
    subjects: [all],
    storage: 'file',
    retention: 'workqueue',
    discard: 'old',
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true, // which schedules need
    allow_msg_schedules: true,
    allow_atomic: true,
  }
}

function closed(cause?: unknown): AetherError {
  return new AetherError('closed', 'the event store was closed', { cause })
}
