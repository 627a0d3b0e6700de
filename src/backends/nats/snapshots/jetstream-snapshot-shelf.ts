import type { JetStreamClient } from '@nats-io/jetstream'
import { type ActorId, AetherError } from '../../../core/index.ts'
import type { Replaces, SnapshotShelf } from '../../../store/index.ts'
import { directMessageIn } from '../commits/direct-message.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { isMissingStream, SideStream, type SideStreamPlace } from '../streams/side-stream.ts'
import type { SnapshotSubjects } from './snapshot-subjects.ts'

export interface JetStreamSnapshotShelfContext extends SideStreamPlace {
  readonly subjects: SnapshotSubjects
  readonly inbox: SharedInbox
  readonly requestTimeoutMs: number
}

/** Room for the one header, which counts against the server's `max_payload` as well. */
const headerBytes = 100

const encoder = new TextEncoder()
/** Bytes that are no text become other text, which the checksum tells. */
const decoder = new TextDecoder()

/** Snapshots in a stream of their own: a subject an actor, the last message of each. */
export class JetStreamSnapshotShelf implements SnapshotShelf {
  readonly #context: JetStreamSnapshotShelfContext
  readonly #stream: SideStream
  readonly #client: JetStreamClient

  constructor(context: JetStreamSnapshotShelfContext) {
    const { library, link, requestTimeoutMs } = context
    this.#context = context
    const wanted = configurationOf(context.subjects)
    this.#stream = new SideStream({ ...context, wanted, what: 'snapshots' })
    this.#client = library.jetstream.jetstream(link.nats, { timeout: requestTimeoutMs })
  }

  /** One question to any replica, and no second: what it doesn't tell is read from the events. */
  async load(actorId: ActorId, signal: AbortSignal | undefined): Promise<string | undefined> {
    const { link, inbox, subjects } = this.#context
    const subject = `$JS.API.DIRECT.GET.${subjects.stream}.${subjects.of(actorId)}`
    try {
      const answer = await link.attempt(() => inbox.ask({ subject, body: '' }), signal)
      // As long as nobody has saved one, there is no stream.
      if (answer.kind === 'no-responders') return undefined
      if (answer.kind !== 'answered') throw answer.cause
      const found = directMessageIn(answer.message, answer.message.subject)
      return found && decoder.decode(found.data)
    } catch (error) {
      throw link.isClosing ? closed(error) : error
    }
  }

  /** Asked of the leader: a replica may lag behind. */
  async loadNewest(actorId: ActorId): Promise<string | undefined> {
    const { manager, subjects, library } = this.#context
    const query = { last_by_subj: subjects.of(actorId) }
    return this.#stream.insist(async () => {
      try {
        const message = await manager.streams.getMessage(subjects.stream, query)
        return message ? decoder.decode(message.data) : undefined
      } catch (error) {
        // As long as nobody has saved one, there is no stream.
        if (isMissingStream(error, library)) return undefined
        throw error
      }
    })
  }

  async save(actorId: ActorId, text: string, replaces: Replaces): Promise<boolean> {
    const body = encoder.encode(text)
    this.#checkSize(actorId, body)
    let tries = 0
    return this.#stream.insist(() => this.#try(actorId, { text, body }, replaces, ++tries))
  }

  /** Makes their stream where it is missing. */
  makeReady(): Promise<void> {
    return this.#stream.insist(() => this.#stream.open())
  }

  /** The connection is the events' as well, and closed with them. */
  async close(): Promise<void> {}

  async #try(
    actorId: ActorId,
    { text, body }: { readonly text: string; readonly body: Uint8Array },
    replaces: Replaces,
    tries: number,
  ): Promise<boolean> {
    const { manager, subjects } = this.#context
    await this.#stream.open()
    const subject = subjects.of(actorId)
    // Asked of the leader: a stale answer would only make the publish below fail.
    const message = await manager.streams.getMessage(subjects.stream, { last_by_subj: subject })
    const current = message ? decoder.decode(message.data) : undefined
    // An earlier try may have gone unanswered, and been stored.
    if (tries > 1 && current === text) return true
    if (!replaces(current)) return false
    const expect = { lastSubjectSequence: message?.seq ?? 0 }
    await this.#client.publish(subject, body, { expect })
    return true
  }

  #checkSize(actorId: ActorId, body: Uint8Array): void {
    const { maxPayload } = this.#context.link
    if (body.length + headerBytes <= maxPayload) return
    throw new AetherError(
      'too-large',
      `a snapshot of ${actorId} has ${body.length} bytes, and the server takes at most ${maxPayload}: keep less in its state, or raise its max_payload`,
    )
  }
}

function configurationOf({ stream, all }: SnapshotSubjects): StreamConfiguration {
  return {
    name: stream,
    subjects: [all],
    retention: 'limits',
    discard: 'old',
    max_msgs_per_subject: 1,
    allow_direct: true,
  }
}

function closed(cause: unknown): AetherError {
  return new AetherError('closed', 'the event store was closed', { cause })
}
