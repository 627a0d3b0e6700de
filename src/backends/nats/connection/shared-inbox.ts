import type { Msg } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
import { AnswerGroups } from './answer-groups.ts'
import type { ClientLibrary } from './client-library.ts'
import { failureOf } from './failure.ts'
import type { NatsLink } from './nats-link.ts'
import { NumberTable } from './number-table.ts'
import { QuickAnswers } from './quick-answers.ts'
import { WholeMessages } from './whole-messages.ts'

/** What became of a request. */
export type Answer = Answered | Unanswered

export interface Answered extends AnsweredShortly {
  readonly message: Msg
}

/** What became of a request whose answer is only asked for its content. */
export type ShortAnswer = AnsweredShortly | Unanswered

interface AnsweredShortly {
  readonly kind: 'answered'
  readonly data: Uint8Array
}

/** Why there is no answer: as in {@link Failure}. */
export interface Unanswered {
  readonly kind: 'not-sent' | 'no-responders' | 'unanswered' | 'forbidden'
  readonly cause: Error
}

export interface Request {
  readonly subject: string
  readonly body: string
  /** As NATS's protocol has them, which is ASCII. @default none */
  readonly headers?: string
}

/** A request whose answer is only asked for its content. */
export interface ShortRequest extends Request {
  /** What it's answered under, of {@link SharedInbox.newNumber}. @default one of its own */
  readonly number?: number | undefined
}

/** Requests to one subject that are answered under one number. */
export interface Requests {
  readonly subject: string
  readonly bodies: readonly Uint8Array[]
}

interface Waiting {
  readonly subject: string
  readonly deadline: number
  readonly take: (answer: Answer) => void
  /** The same, where the content is enough. */
  readonly takeShort: ((answer: ShortAnswer) => void) | undefined
  /** Whether further answers may come. */
  readonly isOpen: boolean
}

const statusOfNoResponders = 503

/**
 * Sends requests whose answers all come to one subscription, under numbers. The client's own requests
 * do that as well, but each makes a timer, a race of promises and a random name: five times the work.
 */
export class SharedInbox {
  readonly #library: ClientLibrary
  readonly #link: NatsLink
  readonly #timeoutMs: number
  readonly #name: string
  readonly #waiting = new NumberTable<Waiting>()
  readonly #groups = new AnswerGroups(() => this.#waiting.size)
  readonly #whole: WholeMessages
  readonly #quick: QuickAnswers
  #isListening = false
  #numbers = 0
  /** Ends the sweep that goes on. */
  #sweeping: AbortController | undefined

  constructor(library: ClientLibrary, link: NatsLink, timeoutMs: number) {
    this.#library = library
    this.#link = link
    this.#timeoutMs = timeoutMs
    this.#name = link.newInbox()
    this.#whole = new WholeMessages(link.nats)
    this.#quick = new QuickAnswers(link.nats, this.#name, (number, data) =>
      this.#takeShort(number, data),
    )
    this.#quick.attach()
    link.observe({
      recovered: () => this.#quick.attach(),
      lost: (cause) => this.#endAll({ kind: 'unanswered', cause }),
      failed: (error) => this.#endForbidden(error),
    })
  }

  /** One that no request had. Whoever gives it to several tells by their answers whose they are. */
  newNumber(): number {
    return ++this.#numbers
  }

  /**
   * Gives the answer, or why there is none: at the latest after the time-out, and at once when the connection
   * is lost. Never rejects.
   */
  ask(request: Request): Promise<Answer> {
    return new Promise((take) => {
      const number = this.newNumber()
      const { subject } = request
      const waiting = {
        subject,
        deadline: this.#deadline,
        take,
        takeShort: undefined,
        isOpen: false,
      }
      if (this.#send(request, number, take)) this.#await(number, waiting)
    })
  }

  /** The same for a message, calling `take` once. Never throws. */
  send(request: ShortRequest, take: (answer: ShortAnswer) => void): void {
    const { subject, number = this.newNumber() } = request
    const waiting = { subject, deadline: this.#deadline, take, takeShort: take, isOpen: false }
    if (this.#send(request, number, take)) this.#await(number, waiting)
  }

  /**
   * Calls `take` with each answer, as it comes, until the function that it gives is called; or at last
   * with why no further ones come. Under a number each, the server would look up the subject of every
   * answer anew, which is a quarter of what ten small ones cost it.
   */
  sendAll({ subject, bodies }: Requests, take: (answer: Answer) => void): () => void {
    const number = this.newNumber()
    const forget = (): boolean => this.#waiting.delete(number)
    if (!this.#link.isConnected) {
      take({ kind: 'not-sent', cause: this.#link.notConnected() })
      return forget
    }
    try {
      const reply = this.#replyTo(number)
      for (const body of bodies) this.#link.nats.publish(subject, body, { reply })
    } catch (cause) {
      take({ kind: 'not-sent', cause: cause as Error })
      return forget
    }
    const deadline = this.#deadline
    this.#await(number, { subject, deadline, take, takeShort: undefined, isOpen: true })
    return forget
  }

  /** Whether it was sent; if not, `take` was told. */
  #send(
    { subject, body, headers }: Request,
    number: number,
    take: (answer: Unanswered) => void,
  ): boolean {
    if (!this.#link.isConnected) {
      take({ kind: 'not-sent', cause: this.#link.notConnected() })
      return false
    }
    try {
      const reply = this.#replyTo(number)
      if (headers === undefined) this.#link.nats.publish(subject, body, { reply })
      else this.#whole.publish({ subject, reply, headers, body })
      return true
    } catch (cause) {
      // The client throws before it takes anything on: closed, too large.
      take({ kind: 'not-sent', cause: cause as Error })
      return false
    }
  }

  get #deadline(): number {
    return performance.now() + this.#timeoutMs
  }

  #replyTo(number: number): string {
    if (!this.#isListening) this.#listen()
    return `${this.#name}.${number}`
  }

  #await(number: number, waiting: Waiting): void {
    this.#groups.asked()
    this.#waiting.set(number, waiting)
    if (!this.#sweeping) void this.#sweep()
  }

  #listen(): void {
    this.#link.nats.subscribe(`${this.#name}.*`, {
      callback: (error, message) => {
        if (error) this.#lose(error)
        else this.#receive(message)
      },
    })
    this.#isListening = true
  }

  #receive(message: Msg): void {
    const number = Number(message.subject.slice(this.#name.length + 1))
    const waiting = this.#waiting.get(number)
    if (!waiting) return // it came too late
    if (waiting.isOpen) {
      waiting.take(answerIn(message))
      return
    }
    this.#waiting.delete(number)
    this.#groups.hand(waiting.take, answerIn(message))
  }

  /** Whether somebody waits for it who asks for no more than the content. */
  #takeShort(number: number, data: Uint8Array): boolean {
    const takeShort = this.#waiting.get(number)?.takeShort
    if (!takeShort) return false
    this.#waiting.delete(number)
    this.#groups.hand(takeShort, { kind: 'answered', data })
    return true
  }

  /** The subscription was ended: nobody will be answered. The next request makes another one. */
  #lose(cause: Error): void {
    this.#isListening = false
    const isForbidden = failureOf(cause, this.#library).kind === 'forbidden'
    this.#endAll({ kind: isForbidden ? 'forbidden' : 'unanswered', cause })
  }

  #endAll(answer: Unanswered): void {
    this.#sweeping?.abort('ended') // without a reason, it would make an error with a stack
    this.#sweeping = undefined
    const all = this.#inOrder()
    for (const [number] of all) this.#waiting.delete(number)
    for (const [, { take }] of all) take(answer)
  }

  /** The server names the subject that it refused, not the request: each of them once. */
  #endForbidden(error: Error): void {
    const { PermissionViolationError } = this.#library.transport
    if (!(error instanceof PermissionViolationError) || error.operation !== 'publish') return
    const refused = this.#inOrder().find(([, { subject }]) => subject === error.subject)
    if (!refused) return
    const [number, { take }] = refused
    this.#waiting.delete(number)
    take({ kind: 'forbidden', cause: error })
  }

  /** As they were sent: all wait equally long. */
  #inOrder(): [number: number, waiting: Waiting][] {
    return this.#waiting.entries().toSorted(([, one], [, other]) => one.deadline - other.deadline)
  }

  /** One timer for all requests: it sleeps until the oldest one's time is over. */
  async #sweep(): Promise<void> {
    const ended = new AbortController()
    this.#sweeping = ended
    while (this.#waiting.size > 0) {
      const leftMs = this.#expire(performance.now())
      await systemClock.sleep(leftMs, ended.signal).catch(() => undefined)
      if (ended.signal.aborted) return
    }
    this.#sweeping = undefined
  }

  /** Gives how long the next one may still wait. */
  #expire(now: number): number {
    let next = now + this.#timeoutMs
    for (const [number, { deadline, take }] of this.#waiting.entries()) {
      if (deadline > now) next = Math.min(next, deadline)
      else if (this.#waiting.delete(number))
        take({ kind: 'unanswered', cause: new Error(`no answer within ${this.#timeoutMs} ms`) })
    }
    return next - now
  }
}

/** An answer without content is a status, or nothing at all. */
function answerIn(message: Msg): Answer {
  const { data } = message
  const isStatus = data.length === 0 && message.headers?.code === statusOfNoResponders
  return isStatus
    ? { kind: 'no-responders', cause: new Error('nobody is there to answer') }
    : { kind: 'answered', data, message }
}
