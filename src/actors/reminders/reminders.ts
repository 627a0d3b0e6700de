import {
  type ActorId,
  AetherError,
  type Clock,
  type IdSource,
  type Logger,
  messageOf,
  type Metadata,
  noMetadata,
  parseActorId,
  toJson,
  type Tracing,
} from '../../core/index.ts'
import type { Agenda, AgendaEntry, HandOut } from '../../store/index.ts'
import type { ActorHost } from '../actor-host.ts'
import { type DeliveryOptions, identify } from '../deciding/command.ts'
import { sinceOf } from '../deciding/earlier-events.ts'
import type { ActorObserver } from '../live/actor-observer.ts'
import { deadlineOf, Deadlines } from '../live/deadlines.ts'
import type { ActorLimits } from '../live/limits.ts'
import { Patience } from '../live/patience.ts'
import { Delivery } from './delivery.ts'
import {
  checkLimit,
  checkName,
  checkText,
  firstFiring,
  type ReminderOptions,
  type RemindersOptions,
  type TellOptions,
  type UnscheduleOptions,
} from './reminder-options.ts'
import {
  decodeRecord,
  encodeRecord,
  type Reminder,
  reminderOf,
  type ReminderRecord,
} from './reminder.ts'

export interface RemindersContext {
  readonly host: ActorHost
  /** Undefined where the store has none. */
  readonly agenda: Agenda | undefined
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly limits: ActorLimits
  readonly observer: ActorObserver
  /** Undefined where nobody records traces. */
  readonly tracing: Tracing | undefined
}

/** So that the id of each firing is still a command id. */
const maxSchedulingIdLength = 150
const maxMessageIdLength = 200
const defaultLimit = 1_000
/** How much of a lease a command may use up; the rest is for settling. */
const shareOfLease = 1 / 3

/** By whom: who may have asked for the same before, and when that was at the earliest. */
type Asked = Pick<DeliveryOptions, 'since'>

/** A command, before it is looked at. */
interface Offered {
  readonly command: string
  readonly input: unknown
}

/** Commands that are durable before they are executed: messages told, and reminders for later. */
export class Reminders {
  readonly #context: RemindersContext
  readonly #handingOut: HandOut | undefined
  readonly #deadlines: Deadlines

  /** From now on delivers what is due, whoever asked for it. */
  constructor(context: RemindersContext) {
    this.#context = context
    this.#deadlines = new Deadlines(context.clock)
    const { host, agenda, clock, logger, limits, observer, tracing } = context
    const { deliveries: concurrency, deliveryLeaseMs: leaseMs, commandTimeoutMs } = limits
    if (!agenda || concurrency === 0) return
    const timeoutMs = Math.max(1, Math.min(commandTimeoutMs, Math.floor(leaseMs * shareOfLease)))
    const delivery = new Delivery({ host, clock, logger, observer, tracing, timeoutMs, leaseMs })
    const options = { types: host.types, concurrency, leaseMs }
    this.#handingOut = agenda.handOut(options, (entry) => delivery.deliver(entry))
  }

  /** Gives the message's id once it is durable. */
  tell(
    actorId: ActorId,
    command: string,
    input: unknown,
    options: TellOptions & Asked,
  ): Promise<string> {
    return this.#inTime(options, (begin) => this.#tell(actorId, { command, input }, options, begin))
  }

  async #tell(
    actorId: ActorId,
    { command, input }: Offered,
    options: TellOptions & Asked,
    begin: () => void,
  ): Promise<string> {
    const { commandId, metadata = noMetadata } = options
    const since = sinceOf(options)
    const offered = await this.#check(actorId, command, input, this.#traced(metadata))
    const id = commandId ?? this.#context.ids()
    const name = checkText('a command id', id, maxMessageIdLength)
    const now = this.#context.clock.now()
    const told = {
      ...{ id, ...offered, commandId: commandId ?? `tell:${id}` },
      ...{ beat: now, firing: 1, attempts: 0 },
      ...(since && { since }),
    }
    const entry = { actorId, kind: 'message', name, due: now, text: encodeRecord(told) } as const
    let found: AgendaEntry | undefined
    const isFirst = (current: AgendaEntry | undefined): boolean => (found = current) === undefined
    begin()
    const isNew = await this.#agenda.put(entry, isFirst)
    if (!isNew && found) checkSame(decodeRecord(found.text), told, actorId)
    return id
  }

  /** Gives the reminder's id once it is durable. */
  schedule(
    actorId: ActorId,
    command: string,
    input: unknown,
    options: ReminderOptions & Asked,
  ): Promise<string> {
    const offered = { command, input }
    return this.#inTime(options, (begin) => this.#schedule(actorId, offered, options, begin))
  }

  async #schedule(
    actorId: ActorId,
    { command, input }: Offered,
    options: ReminderOptions & Asked,
    begin: () => void,
  ): Promise<string> {
    const { metadata = noMetadata, commandId, everyMs, since } = options
    const name = checkName('reminder', options.name)
    if (commandId !== undefined) checkText('commandId', commandId, maxSchedulingIdLength)
    const beat = firstFiring(options, this.#context.clock.now())
    // One that comes again and again follows from whoever scheduled it for ever: no trace is that long.
    const follows = everyMs === undefined ? this.#traced(metadata) : metadata
    const offered = await this.#check(actorId, command, input, follows)
    const id = commandId ?? this.#context.ids()
    const scheduled = {
      ...{ id, ...offered, beat, firing: 1, attempts: 0 },
      ...(everyMs !== undefined && { everyMs }),
      ...(since && { since }),
    }
    const entry = {
      actorId,
      kind: 'reminder',
      name,
      due: beat,
      text: encodeRecord(scheduled),
    } as const
    begin()
    await this.#agenda.put(entry, (current) => !current || idIn(current) !== id)
    return id
  }

  /** False where nothing of this kind and name waits, any more or at all. */
  async unschedule(
    actorId: ActorId,
    name: string,
    options: UnscheduleOptions = {},
  ): Promise<boolean> {
    const { kind = 'reminder' } = options
    return this.#inTime(options, async (begin) => {
      parseActorId(actorId)
      const key = { actorId, kind, name: checkName(kind, name) }
      begin()
      return this.#agenda.remove(key)
    })
  }

  /** The work begins by `begin`, with what can't be taken back, and throws where nobody waits any more. */
  async #inTime<T>(
    { timeoutMs, signal }: Pick<TellOptions, 'timeoutMs' | 'signal'>,
    work: (begin: () => void) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (timeoutMs === undefined) return work(() => signal?.throwIfAborted())
    const deadline = deadlineOf(timeoutMs, this.#context.clock.monotonic())
    using within = new Patience(this.#deadlines, deadline, signal)
    return await within.race(work(() => within.begin()))
  }

  /** The next ones, in the order of their times. */
  async list(
    actorId: ActorId | undefined,
    { limit: most = defaultLimit, signal }: RemindersOptions = {},
  ): Promise<readonly Reminder[]> {
    if (actorId !== undefined) parseActorId(actorId)
    const limit = checkLimit(most)
    signal?.throwIfAborted()
    let next = new Map<string, AgendaEntry>()
    // In no order, so that all are looked at; never more than twice the limit are held.
    for await (const entry of this.#agenda.list(actorId, limit)) {
      signal?.throwIfAborted()
      // One that is met twice was put off meanwhile.
      next.set(spelled(entry), entry)
      if (next.size >= 2 * limit) next = nextOf(next, limit)
    }
    return [...nextOf(next, limit).values()].map(show)
  }

  /** By type, how many are due that no node has taken yet; empty where this one delivers nothing. */
  async waiting(): Promise<ReadonlyMap<string, number>> {
    return (await this.#handingOut?.waiting()) ?? new Map()
  }

  /** Delivers nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    await this.#handingOut?.[Symbol.asyncDispose]()
  }

  get #agenda(): Agenda {
    const { agenda } = this.#context
    if (agenda) return agenda
    const message = 'this store keeps no messages: use memory(), sqlite() or nats()'
    throw new AetherError('incompatible-store', message)
  }

  /** What is delivered later belongs to the trace of whoever asked for it. */
  #traced(metadata: Metadata): Metadata {
    return this.#context.tracing?.inherit(metadata) ?? metadata
  }

  /** What is wrong with a command is told to who asks for it, not to a log later. */
  async #check(
    actorId: ActorId,
    command: string,
    input: unknown,
    metadata: Metadata,
  ): Promise<Pick<ReminderRecord, 'command' | 'input' | 'metadata'>> {
    const offered = { command, ...(input !== undefined && { input: toJson(input) }) }
    const copied = { ...metadata }
    await this.#context.host.check(actorId, command, input, { metadata: copied })
    return { ...offered, metadata: copied }
  }
}

function nextOf(
  entries: ReadonlyMap<string, AgendaEntry>,
  limit: number,
): Map<string, AgendaEntry> {
  return new Map([...entries].toSorted(([, a], [, b]) => a.due - b.due).slice(0, limit))
}

function spelled({ actorId, kind, name }: AgendaEntry): string {
  return JSON.stringify([actorId, kind, name])
}

/** @throws AetherError `id-reused` */
function checkSame(waiting: ReminderRecord, told: ReminderRecord, actorId: ActorId): void {
  const digestOf = ({ id, command, input }: ReminderRecord): string =>
    identify(id, command, input).digest
  if (digestOf(waiting) === digestOf(told)) return
  const message = `command id ${JSON.stringify(told.id)} was given to another message to ${actorId}`
  throw new AetherError('id-reused', message)
}

/** Undefined for what can't be read. */
function idIn({ text }: AgendaEntry): string | undefined {
  try {
    return decodeRecord(text).id
  } catch {
    return undefined
  }
}

/** What can't be read is shown all the same: nothing is hidden. */
function show(entry: AgendaEntry): Reminder {
  try {
    return reminderOf(entry)
  } catch (error) {
    const { actorId, kind, name, due } = entry
    const unknown = { id: '', command: '', input: undefined, everyMs: undefined, attempts: 0 }
    const lastError = `it can't be read: ${messageOf(error)}`
    return { actorId, kind, name, due: new Date(due).toISOString(), ...unknown, lastError }
  }
}
