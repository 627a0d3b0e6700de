import { type ActorId, isAetherError } from '../../../core/index.ts'
import type { AgendaEntry, AgendaKey, NextEntry } from '../../../store/index.ts'
import { readLeaderAnswer } from '../commits/leader-answer.ts'
import { failureOf } from '../connection/failure.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { StreamLeader } from '../reading/stream-leader.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { SideStream, type SideStreamPlace } from '../streams/side-stream.ts'
import { CommitPublisher } from '../writing/commit-publisher.ts'
import type { ConditionalPublisher } from '../writing/conditional-publisher.ts'
import { GroupedPublisher } from '../writing/grouped-publisher.ts'
import { decodeEntry, type KeptEntry, messagesOf } from './agenda-message.ts'
import { KeptList } from './kept-list.ts'
import { MessageSubjects } from './message-subjects.ts'

export interface KeptEntriesContext extends SideStreamPlace {
  readonly inbox: SharedInbox
  readonly conditional: ConditionalPublisher
}

/** An entry, and where it stands. */
export interface FoundEntry extends KeptEntry {
  readonly sequence: number
}

/** What stands in the stream of the messages, by its keys. */
export class KeptEntries {
  readonly subjects: MessageSubjects
  readonly stream: SideStream
  readonly #context: KeptEntriesContext
  readonly #leader: StreamLeader
  readonly #list: KeptList
  readonly #publisher: CommitPublisher
  /** For what takes more than one message. */
  readonly #grouped: GroupedPublisher

  constructor(context: KeptEntriesContext) {
    const { library, link, manager, inbox, conditional, retryForMs } = context
    this.#context = context
    this.subjects = new MessageSubjects(context.namespace)
    const wanted = configurationOf(this.subjects)
    this.stream = new SideStream({ ...context, wanted, what: 'messages' })
    const { stream } = this.subjects
    const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs })
    this.#leader = leader
    this.#list = new KeptList(leader, this.subjects)
    this.#publisher = new CommitPublisher({ publisher: conditional, leader, link, retryForMs })
    this.#grouped = new GroupedPublisher(this.#publisher)
  }

  /** Whether anybody has told anything yet. */
  isInUse(): Promise<boolean> {
    return this.#context.link.attempt(() => this.stream.isThere())
  }

  /** What stands under the key, as the leader knows. */
  async find(key: AgendaKey): Promise<FoundEntry | undefined> {
    const message = await this.#leader.last(this.subjects.of(key))
    return message ? { sequence: message.seq, ...decodeEntry(message.data) } : undefined
  }

  /**
   * Takes away what was handed out, or puts the next in its place; without effect where it doesn't stand there any
   * more. A reminder that was handed out has no alarm left: the server took it away as it went off.
   */
  async settle(found: FoundEntry, next: NextEntry | undefined): Promise<void> {
    if (next) await this.#store({ ...found.entry, ...next }, found)
    else await this.#delete(found)
  }

  /** Takes it away with its alarm; false where it doesn't stand there any more. */
  async remove(found: FoundEntry): Promise<boolean> {
    const wasThere = await this.#delete(found)
    if (wasThere) await this.#removeAlarm(found)
    return wasThere
  }

  /** In the place of what was found; false where somebody was faster. */
  async put(entry: AgendaEntry, found: FoundEntry | undefined): Promise<boolean> {
    const isStored = await this.#store(entry, found)
    if (isStored && found) await this.#removeAlarm(found)
    return isStored
  }

  async #store(entry: AgendaEntry, found: FoundEntry | undefined): Promise<boolean> {
    const messages = messagesOf(entry, found?.sequence ?? 0, this.subjects)
    try {
      const publisher = messages.length > 1 ? this.#grouped : this.#publisher
      return (await publisher.publish(messages)) !== 'superseded'
    } catch (error) {
      // Should somebody have deleted the stream, the next one makes it anew.
      this.stream.forget()
      throw error
    }
  }

  async #delete({ sequence }: FoundEntry): Promise<boolean> {
    const { library } = this.#context
    try {
      await this.stream.insist(() => this.#requestDelete(sequence))
      return true
    } catch (error) {
      const isFinal = isAetherError(error) && error.code === 'incompatible-store'
      if (isFinal && failureOf(error, library).kind === 'refused') return false
      throw error
    }
  }

  /** What the client's manager does, whose requests take several times the work. */
  async #requestDelete(sequence: number): Promise<void> {
    const { inbox, library } = this.#context
    const subject = `$JS.API.STREAM.MSG.DELETE.${this.subjects.stream}`
    const body = JSON.stringify({ seq: sequence, no_erase: true })
    const answer = await inbox.ask({ subject, body })
    if (answer.kind !== 'answered') throw answer.cause
    const { error } = readLeaderAnswer(answer.message.data)
    if (error) throw new library.jetstream.JetStreamApiError(error)
  }

  /** An alarm without its reminder wakes nobody: it is only taken away to be out of the way. */
  async #removeAlarm({ entry: { actorId, kind }, token }: KeptEntry): Promise<void> {
    if (kind === 'message') return
    const { link, manager } = this.#context
    const filter = this.subjects.alarm(actorId, token)
    const purging = link.attempt(() => manager.streams.purge(this.subjects.stream, { filter }))
    await purging.catch(() => undefined)
  }

  /** All of the actor, or of all actors. */
  list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    return actorId === undefined ? this.#list.all() : this.#list.ofActor(actorId)
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
