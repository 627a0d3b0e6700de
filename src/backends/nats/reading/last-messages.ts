import type { Msg } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import { directMessageIn, isOfStream } from '../commits/direct-message.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import type { StreamLeader } from './stream-leader.ts'

export interface LastMessagesContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly leader: Pick<StreamLeader, 'lastSequence'>
  readonly stream: string
  readonly timeoutMs: number
}

/** What the status at the end of the answers says: the server's ADR-31. */
const endHeaders = { left: 'Nats-Num-Pending', upTo: 'Nats-UpTo-Sequence' } as const

interface Answers {
  readonly messages: readonly StoredMessage[]
  /** The replica knew the stream up to there when it answered. */
  readonly upTo: number
}

/**
 * The newest messages of many subjects in one question, which any replica answers: it says how far it
 * knows the stream, and that is held against what the leader knew when it was asked. So nothing that was
 * written is missed; but what was purged may still be there, as a purge has no sequence.
 */
export class LastMessages {
  readonly #context: LastMessagesContext
  readonly #subject: string
  #isForbidden = false
  /** Ends the questions under way. */
  readonly #ends = new Set<() => void>()

  constructor(context: LastMessagesContext) {
    const { library, link, stream } = context
    this.#context = context
    this.#subject = `$JS.API.DIRECT.GET.${stream}`
    const { PermissionViolationError } = library.transport
    link.observe({
      lost: () => this.#endAll(),
      failed: (error) => {
        if (!(error instanceof PermissionViolationError) || error.subject !== this.#subject) return
        this.#isForbidden = true
        this.#endAll()
      },
    })
  }

  /**
   * Of at most 1,024 subjects, in no order. Undefined where that can't be had, all of it and fresh, for
   * whatever reason: then the leader is to be asked for each.
   * @throws what the leader throws.
   */
  async of(subjects: readonly string[]): Promise<readonly StoredMessage[] | undefined> {
    if (this.#isForbidden) return undefined
    const [end, answers] = await Promise.all([
      this.#context.leader.lastSequence(),
      this.#ask(subjects),
    ])
    return answers && answers.upTo >= end ? answers.messages : undefined
  }

  async #ask(subjects: readonly string[]): Promise<Answers | undefined> {
    const { link, stream, timeoutMs } = this.#context
    const reply = link.newInbox()
    const messages: StoredMessage[] = []
    const ended = new AbortController()
    let upTo: number | undefined
    const take = (answer: Msg): void => {
      // What comes with the last one that counts doesn't, and may say that all is there.
      if (ended.signal.aborted) return
      const message = directMessageIn(answer, reply)
      // A route between servers that breaks and heals may lose messages in the middle.
      const isNext = message?.preceding === (messages.at(-1)?.seq ?? 0)
      if (message && isNext && isOfStream(message, stream)) messages.push(message)
      else {
        upTo = message ? undefined : endIn(answer)
        end()
      }
    }
    const end = (): void => ended.abort('ended') // without a reason, it would make an error with a stack
    this.#ends.add(end)
    try {
      using _ = this.#listen(reply, take, end)
      link.nats.publish(this.#subject, JSON.stringify({ multi_last: subjects }), { reply })
      await systemClock.sleep(timeoutMs, ended.signal).catch(() => undefined)
    } catch {
      return undefined // the connection was closed
    } finally {
      this.#ends.delete(end)
    }
    return upTo === undefined ? undefined : { messages, upTo }
  }

  #listen(reply: string, take: (answer: Msg) => void, end: () => void): Disposable {
    const subscription = this.#context.link.nats.subscribe(reply, {
      callback: (error, answer) => (error ? end() : take(answer)),
    })
    return { [Symbol.dispose]: () => subscription.unsubscribe() }
  }

  #endAll(): void {
    for (const end of this.#ends) end()
  }
}

/** Nothing for what is no end, such as that there is none at all, and where messages were left out. */
function endIn({ headers }: Msg): number | undefined {
  const upTo = headers?.get(endHeaders.upTo) ?? ''
  return upTo !== '' && headers?.get(endHeaders.left) === '0' ? Number(upTo) : undefined
}
