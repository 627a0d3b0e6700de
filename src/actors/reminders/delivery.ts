import {
  type Clock,
  type ErrorCode,
  isAetherError,
  type Logger,
  messageOf,
  parseActorId,
  type Tracing,
} from '../../core/index.ts'
import type { AgendaEntry, NextEntry } from '../../store/index.ts'
import type { ActorHost } from '../actor-host.ts'
import type { ActorObserver, DeliveryOutcome } from '../live/actor-observer.ts'
import {
  afterFailure,
  afterFiring,
  commandIdOf,
  decodeRecord,
  type ReminderRecord,
} from './reminder.ts'

export interface DeliveryContext {
  readonly host: ActorHost
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ActorObserver
  /** Undefined where nobody records traces. */
  readonly tracing: Tracing | undefined
  /** How long the actor may take to answer; shorter than the lease of an entry. */
  readonly timeoutMs: number
  /** After how long an entry that is not done with is handed out again. */
  readonly leaseMs: number
}

/**
 * What the actor says to the command itself: it would say it again. An input that is none any more was one
 * when it was told: code that knows it may come back.
 */
const isAnswer: ReadonlySet<ErrorCode> = new Set(['command-rejected', 'id-reused'])
/** When to look again at an entry that can't be read: another version of Aether may know it. */
const unreadablePauseMs = 300_000

/**
 * Sends what an entry says, and tells how the entry goes on. A command that succeeded or was refused
 * is done with; after anything else it is tried again, as long as it takes.
 */
export class Delivery {
  readonly #context: DeliveryContext

  constructor(context: DeliveryContext) {
    this.#context = context
  }

  async deliver(entry: AgendaEntry): Promise<NextEntry | undefined> {
    const { clock } = this.#context
    const record = this.#read(entry)
    if (!record) {
      this.#count(entry, 'unreadable')
      return { due: clock.now() + unreadablePauseMs, text: entry.text }
    }
    try {
      await this.#send(entry, record)
      this.#count(entry, 'executed')
    } catch (error) {
      const isClosing = isAetherError(error) && error.code === 'closed'
      // Not its fault: another node, or the next one here, takes it as it is.
      if (isClosing) return { due: entry.due, text: entry.text }
      if (!isAetherError(error) || !isAnswer.has(error.code)) {
        this.#count(entry, 'failed')
        this.#log(entry, record, `failed and is tried again: ${messageOf(error)}`)
        return afterFailure(record, reasonOf(error), clock.now())
      }
      this.#count(entry, 'refused')
      this.#log(entry, record, `was refused: ${messageOf(error)}`)
    }
    return afterFiring(record, clock.now())
  }

  async #send({ actorId, due }: AgendaEntry, record: ReminderRecord): Promise<void> {
    const { host, timeoutMs, tracing } = this.#context
    const { id, command, input } = record
    const metadata = { ...record.metadata, causationId: id }
    const commandId = commandIdOf(record)
    const since = this.#mayBeAgain(due, record)
      ? (record.since ?? { time: record.beat })
      : undefined
    const send = (): Promise<unknown> =>
      host.send(actorId, command, input, { commandId, metadata, timeoutMs, since })
    // Whoever told some other message may have woken the delivery.
    await (tracing ? tracing.apart(send) : send())
  }

  /** Whether it may have been handed out before: then it is so late, at least, as a lease is long. */
  #mayBeAgain(due: number, { attempts, since }: ReminderRecord): boolean {
    const { clock, leaseMs } = this.#context
    // Half of it, as nodes' clocks differ.
    return attempts > 0 || since !== undefined || clock.now() - due >= leaseMs / 2
  }

  #count({ actorId, kind }: AgendaEntry, outcome: DeliveryOutcome): void {
    this.#context.observer.delivered(parseActorId(actorId).type, kind, outcome)
  }

  #read(entry: AgendaEntry): ReminderRecord | undefined {
    try {
      return decodeRecord(entry.text)
    } catch (error) {
      const { actorId, kind, name, text } = entry
      const message = `the ${kind} ${name} of ${actorId} can't be read: ${messageOf(error)}`
      this.#context.logger.error({ actorId, kind, name, text }, message)
      return undefined
    }
  }

  #log(entry: AgendaEntry, { id, command, attempts }: ReminderRecord, what: string): void {
    const { actorId, kind, name } = entry
    const message = `the ${kind} ${name}, ${command} of ${actorId}, ${what}`
    this.#context.logger.warn({ actorId, kind, name, id, command, attempts }, message)
  }
}

function reasonOf(error: unknown): string {
  return isAetherError(error) ? `${error.code}: ${error.message}` : messageOf(error)
}
