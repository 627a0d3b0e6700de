import { type ActorId, AetherError, messageOf } from '../../../core/index.ts'
import {
  RecentMap,
  type Replaces,
  type ShelfOffer,
  type SnapshotShelf,
} from '../../../store/index.ts'
import { directMessageIn } from '../commits/direct-message.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { askLeader } from '../reading/ask-leader.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { isMissingStream, SideStream, type SideStreamPlace } from '../streams/side-stream.ts'
import type { ConditionalPublisher, PublishOutcome } from '../writing/conditional-publisher.ts'
import type { SnapshotSubjects } from './snapshot-subjects.ts'

export interface JetStreamSnapshotShelfContext extends SideStreamPlace {
  readonly subjects: SnapshotSubjects
  readonly inbox: SharedInbox
  readonly conditional: ConditionalPublisher
}

/** A snapshot that was put there by this shelf. */
interface OwnSnapshot {
  readonly version: number
  readonly sequence: number
}

/** What the leader has of an actor. */
interface NewestSnapshot {
  readonly text: string
  readonly sequence: number
}

interface Replacement {
  readonly actorId: ActorId
  readonly offer: ShelfOffer
  readonly replaces: Replaces
}

/** Of how many actors it is remembered where the snapshot stands that was put there last. */
const rememberedActors = 10_000

/** Room for the one header, which counts against the server's `max_payload` as well. */
const headerBytes = 100

/** Bytes that are no text become other text, which the checksum tells. */
const decoder = new TextDecoder()

/** Snapshots in a stream of their own: a subject an actor, the last message of each. */
export class JetStreamSnapshotShelf implements SnapshotShelf {
  readonly #context: JetStreamSnapshotShelfContext
  readonly #stream: SideStream
  #own = new RecentMap<ActorId, OwnSnapshot>(rememberedActors)

  constructor(context: JetStreamSnapshotShelfContext) {
    this.#context = context
    const wanted = configurationOf(context.subjects)
    // In another stream, others' snapshots stand at the same sequences.
    const onForget = (): void => void (this.#own = new RecentMap(rememberedActors))
    this.#stream = new SideStream({ ...context, wanted, what: 'snapshots', onForget })
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
    return this.#stream.insist(async () => {
      try {
        return (await this.#newest(actorId))?.text
      } catch (error) {
        // As long as nobody has saved one, there is no stream.
        if (isMissingStream(error, this.#context.library)) return undefined
        throw error
      }
    })
  }

  async save(actorId: ActorId, offer: ShelfOffer, replaces: Replaces): Promise<boolean> {
    this.#checkSize(actorId, offer.text)
    let tries = 0
    return this.#stream.insist(() =>
      ++tries === 1
        ? this.#try(actorId, offer, replaces)
        : this.#tryAgain(actorId, offer, replaces),
    )
  }

  /** Makes their stream where it is missing. */
  makeReady(): Promise<void> {
    return this.#stream.insist(() => this.#stream.open())
  }

  /** The connection is the events' as well, and closed with them. */
  async close(): Promise<void> {}

  async #try(actorId: ActorId, offer: ShelfOffer, replaces: Replaces): Promise<boolean> {
    await this.#stream.open()
    const own = this.#own.use(actorId)
    const isBehind = own !== undefined && own.version < offer.version
    if (isBehind && (await this.#put(actorId, offer, own.sequence))) return true
    return this.#replace(await this.#newest(actorId), { actorId, offer, replaces })
  }

  /** An earlier try may have gone unanswered, and been stored. */
  async #tryAgain(actorId: ActorId, offer: ShelfOffer, replaces: Replaces): Promise<boolean> {
    await this.#stream.open()
    const newest = await this.#newest(actorId)
    if (newest?.text === offer.text) return true
    return this.#replace(newest, { actorId, offer, replaces })
  }

  async #replace(
    newest: NewestSnapshot | undefined,
    { actorId, offer, replaces }: Replacement,
  ): Promise<boolean> {
    if (!replaces(newest?.text)) return false
    if (await this.#put(actorId, offer, newest?.sequence ?? 0)) return true
    throw new Error(`others have put a snapshot of ${actorId} meanwhile`)
  }

  /** Asked of the leader: a stale answer would only make a put behind it fail. */
  async #newest(actorId: ActorId): Promise<NewestSnapshot | undefined> {
    const { subjects } = this.#context
    const query = { last_by_subj: subjects.of(actorId) }
    const message = await askLeader(this.#context, subjects.stream, query)
    return message ? { text: decoder.decode(message.data), sequence: message.seq } : undefined
  }

  /** False where something else stands there than what was expected. */
  async #put(actorId: ActorId, { text, version }: ShelfOffer, behind: number): Promise<boolean> {
    const { conditional, subjects } = this.#context
    const message = { subject: subjects.of(actorId), expectedSequence: behind, body: text }
    const outcome = await conditional.publish([message])
    if (outcome.kind !== 'stored') return this.#notPut(actorId, outcome)
    this.#own.set(actorId, { version, sequence: outcome.firstSequence })
    return true
  }

  #notPut(actorId: ActorId, outcome: Exclude<PublishOutcome, { kind: 'stored' }>): false {
    this.#own.delete(actorId)
    if (outcome.kind === 'superseded') return false
    // Perhaps nobody answered as it is gone.
    if (outcome.kind === 'not-now') this.#stream.forget()
    const { JetStreamApiError } = this.#context.library.jetstream
    if (outcome.kind !== 'refused' || outcome.code === undefined) throw outcome.cause
    const description = messageOf(outcome.cause)
    throw new JetStreamApiError({ code: 400, err_code: outcome.code, description })
  }

  #checkSize(actorId: ActorId, text: string): void {
    const { maxPayload } = this.#context.link
    const bytes = Buffer.byteLength(text)
    if (bytes + headerBytes <= maxPayload) return
    throw new AetherError(
      'too-large',
      `a snapshot of ${actorId} has ${bytes} bytes, and the server takes at most ${maxPayload}: keep less in its state, or raise its max_payload`,
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
