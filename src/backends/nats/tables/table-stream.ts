import { Gate } from '../connection/gate.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { LastMessages } from '../reading/last-messages.ts'
import { StreamLeader } from '../reading/stream-leader.ts'
import type { StreamConfiguration } from '../streams/event-stream-configuration.ts'
import { SideStream, type SideStreamPlace } from '../streams/side-stream.ts'
import { CommitPublisher } from '../writing/commit-publisher.ts'
import type { ConditionalPublisher } from '../writing/conditional-publisher.ts'
import { TableSubjects } from './table-subjects.ts'
import { TableWatch } from './table-watch.ts'

export interface TableStreamContext extends SideStreamPlace {
  readonly inbox: SharedInbox
  readonly conditional: ConditionalPublisher
  readonly requestTimeoutMs: number
}

/** The server takes thousands of questions at once, and drops all of them when there are too many. */
const maxQuestions = 128

/** The stream of all tables of a namespace, made with the first document, and the ways into it. */
export class TableStream {
  readonly subjects: TableSubjects
  readonly leader: StreamLeader
  readonly lastMessages: LastMessages
  readonly publisher: CommitPublisher
  readonly watch: TableWatch
  readonly questions: Gate = new Gate(maxQuestions)
  readonly #context: TableStreamContext
  readonly #stream: SideStream

  constructor(context: TableStreamContext) {
    const { library, link, manager, inbox, conditional, retryForMs } = context
    this.#context = context
    this.subjects = new TableSubjects(context.namespace)
    const { stream } = this.subjects
    const wanted = configurationOf(this.subjects)
    const niceToHave = { allow_direct: true }
    this.#stream = new SideStream({ ...context, wanted, niceToHave, what: 'tables' })
    const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs })
    this.leader = leader
    const timeoutMs = context.requestTimeoutMs
    this.lastMessages = new LastMessages({ library, link, leader, stream, timeoutMs })
    this.publisher = new CommitPublisher({ publisher: conditional, leader, link, retryForMs })
    this.watch = new TableWatch(library, link, this.subjects)
  }

  get maxPayload(): number {
    return this.#context.link.maxPayload
  }

  /** Whether replicas are asked at all: older tables were made without. */
  get answersDirectly(): boolean {
    return this.#stream.configuration?.allow_direct === true
  }

  /** Whether there is one copy, which shows a purge at once. */
  get isKeptOnce(): boolean {
    return this.#stream.configuration?.num_replicas === 1
  }

  /** Longer than anybody may look for what became of a removal whose answer was lost. */
  get keepRemovedForMs(): number {
    return 120_000 + this.#context.retryForMs
  }

  /** Makes the stream where it is missing. */
  makeReady(): Promise<void> {
    return this.#stream.insist(() => this.#stream.open())
  }

  /** False as long as nobody has put anything. */
  isThere(): Promise<boolean> {
    return this.#stream.insist(() => this.#stream.isThere())
  }

  /** Should somebody have deleted the stream, the next one makes it anew. */
  forgetStream(): void {
    this.#stream.forget()
  }
}

function configurationOf({ stream, all }: TableSubjects): StreamConfiguration {
  return {
    name: stream,
    subjects: [all],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msgs_per_subject: 1,
    allow_msg_ttl: true, // for what says that a document was taken away
  }
}
