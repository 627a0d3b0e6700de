import { type ActorId, isAetherError } from '../../../core/index.ts'
import type { AgendaEntry, AgendaKey, NextEntry } from '../../../store/index.ts'
import { failureOf } from '../connection/failure.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { StreamLeader } from '../reading/stream-leader.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { SideStream, type SideStreamPlace } from '../streams/side-stream.ts'
import { CommitPublisher } from '../writing/commit-publisher.ts'
import type { ConditionalPublisher } from '../writing/conditional-publisher.ts'
import { GroupedPublisher } from '../writing/grouped-publisher.ts'
import { decodeEntry, type KeptEntry, messagesOf } from './agenda-message.ts'
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

  /** Puts the next in its place, unless somebody was faster. */
  async replace(found: FoundEntry, next: NextEntry): Promise<void> {
    await this.put({ ...found.entry, ...next }, found)
  }

  /** False where it doesn't stand there any more. */
  async remove(found: FoundEntry): Promise<boolean> {
    const { sequence } = found
    const { manager, library } = this.#context
    try {
      await this.stream.insist(() =>
        manager.streams.deleteMessage(this.subjects.stream, sequence, false),
      )
    } catch (error) {
      const isFinal = isAetherError(error) && error.code === 'incompatible-store'
      if (isFinal && failureOf(error, library).kind === 'refused') return false
      throw error
    }
    await this.#removeAlarm(found)
    return true
  }

  /** In the place of what was found; false where somebody was faster. */
  async put(entry: AgendaEntry, found: FoundEntry | undefined): Promise<boolean> {
    const messages = messagesOf(entry, found?.sequence ?? 0, this.subjects)
    try {
      const isStored =
        messages.length > 1
          ? await this.#grouped.publish(messages)
          : (await this.#publisher.publish(messages)) !== 'superseded'
      if (!isStored) return false
    } catch (error) {
      // Should somebody have deleted the stream, the next one makes it anew.
      this.stream.forget()
      throw error
    }
    if (found) await this.#removeAlarm(found)
    return true
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
  async *list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    for (const subject of this.subjects.kept(actorId)) {
      let message = await this.#leader.next(subject, 1)
      while (message) {
        yield decodeEntry(message.data).entry
        message = await this.#leader.next(subject, message.seq + 1)
      }
    }
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
