import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { finished } from 'node:stream/promises'
import { systemClock } from '../../core/index.ts'
import { type ParserError, refusalOf } from './broken-request.ts'

/** What becomes of a connection while one of its requests is answered. */
export interface Line {
  /** Aborts when the connection is gone. */
  readonly gone: AbortSignal
  /** Aborts when nothing more can be read from it: what came is no HTTP, or came too slowly. */
  readonly broken: AbortSignal
}

/** Writes the answer to one request. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  line: Line,
) => Promise<void>

/** So often a client that closed its side is felt for, as long as it waits for an answer. */
const feelMs = 250

/** Behind so many unanswered requests of a connection, no more are read. */
const maxUnderWay = 100

/** The connections of a server, and the answers that are under way on them. */
export class Connections {
  readonly #server: Server
  readonly #answer: Answer
  readonly #stallTimeoutMs: number
  readonly #open = new Map<Socket, Connection>()
  readonly #underWay = new Set<Promise<void>>()

  /** A client that takes nothing of an answer for `stallTimeoutMs` is cut off. */
  constructor(server: Server, answer: Answer, stallTimeoutMs = 60_000) {
    this.#server = server
    this.#answer = answer
    this.#stallTimeoutMs = stallTimeoutMs
    // Else a client that closes its side behind its request is closed at once: `socketOnEnd` in Node's _http_server.js.
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('connection', (socket) => this.#accept(socket))
    server.on('request', (request, response) => this.#receive(request, response))
    // Whoever answers says whether it wants the body.
    server.on('checkContinue', (request, response) => this.#receive(request, response))
    server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket))
  }

  /**
   * Takes no more connections, waits for the answers under way, then ends all that is open: also a
   * connection that never said anything, which the server by itself would wait for.
   */
  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await this.#answered(timeoutMs)
    for (const socket of this.#open.keys()) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    this.#open.set(socket, new Connection(socket, this.#stallTimeoutMs))
    socket.once('close', () => this.#open.delete(socket))
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const answered = this.#open
      .get(request.socket)
      ?.enqueue((line) => this.#answer(request, response, line), response)
    if (!answered) return
    this.#underWay.add(answered)
    void answered.finally(() => this.#underWay.delete(answered))
  }

  #refuse(error: ParserError, socket: Socket): void {
    const refusal = refusalOf(error)
    const connection = this.#open.get(socket)
    if (refusal && connection) connection.refuse(refusal, error)
    else socket.destroy()
  }

  async #answered(timeoutMs: number): Promise<void> {
    const waiting = new AbortController()
    const timeout = systemClock.sleep(timeoutMs, waiting.signal).catch(() => {})
    await Promise.race([Promise.all(this.#underWay), timeout])
    waiting.abort()
  }
}

/**
 * One connection. Its requests are answered one after the other, as a client that sends several
 * without waiting may rely on (RFC 9112, 9.3.2): a read behind a command sees what it did. One that sends
 * them without end is read no faster than it is answered, but for what came with the last in one piece.
 */
class Connection {
  readonly #socket: Socket
  readonly #stallTimeoutMs: number
  readonly #gone = new AbortController()
  readonly #broken = new AbortController()
  readonly #line: Line = { gone: this.#gone.signal, broken: this.#broken.signal }
  #last: Promise<void> = Promise.resolve()
  /** What is answered now. */
  #response: ServerResponse | undefined
  #underWay = 0
  #isReadByStream = false

  constructor(socket: Socket, stallTimeoutMs: number) {
    this.#socket = socket
    this.#stallTimeoutMs = stallTimeoutMs
    socket.once('close', () => this.#gone.abort())
    socket.once('end', () => void this.#feel())
  }

  /** Resolves when the answer is out, or can't get out any more; never rejects. */
  enqueue(answer: (line: Line) => Promise<void>, response: ServerResponse): Promise<void> {
    if (++this.#underWay === maxUnderWay) process.nextTick(() => this.#hold())
    this.#last = this.#last.then(() => this.#run(answer, response)).then(() => this.#release())
    return this.#last
  }

  /**
   * Says that what came last is no request, behind the answers to all that were: said before, it would be
   * taken for the answer to a command that was carried out.
   */
  refuse(refusal: string, cause: Error): void {
    if (this.#broken.signal.aborted) return
    this.#broken.abort(cause)
    void this.#last.then(() => {
      if (this.#socket.writable) this.#socket.end(refusal, () => this.#socket.destroy())
      else this.#socket.destroy()
    })
  }

  /**
   * Whether a client that closed its side has left altogether shows only where it is sent something: the connection
   * of one that has breaks. Every client passes over `100 Continue` (RFC 9110, 15.2).
   */
  async #feel(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      await systemClock.sleep(feelMs, this.#gone.signal).catch(() => {})
      const response = this.#response
      if (!response || response.headersSent || response.req.httpVersion === '1.0') continue
      response.writeContinue()
    }
  }

  /**
   * Node lets its parser read past the stream of the socket, where pausing has no effect, until somebody
   * listens to the data: `socketOnWrap` in its _http_server.js. That mustn't be done while it parses.
   */
  #hold(): void {
    if (!this.#isReadByStream) {
      this.#isReadByStream = true
      this.#socket.on('data', () => {})
      // Reading the body of a request resumes the socket; here all of them have come.
      this.#socket.on('resume', () => this.#hold())
    }
    if (this.#underWay >= maxUnderWay) this.#socket.pause()
  }

  #release(): void {
    if (--this.#underWay === maxUnderWay - 1 && this.#isReadByStream) this.#socket.resume()
  }

  async #run(answer: (line: Line) => Promise<void>, response: ServerResponse): Promise<void> {
    // The answer before said that it is the last one: what comes behind it must not be done.
    if (!this.#socket.writable) return
    this.#response = response
    try {
      await answer(this.#line)
      await this.#taken(response)
    } catch {
      // Half an answer can't be taken back: only the end of the connection tells the client.
      response.destroy()
    }
    this.#response = undefined
  }

  async #taken(response: ServerResponse): Promise<void> {
    // An answer that waits for a connection which is gone is never told so.
    if (response.writableFinished || this.#gone.signal.aborted) return
    // Nearly all are taken at once, and need no timer.
    const isWaiting = this.#socket.writableLength > 0
    const timeout = isWaiting ? { signal: AbortSignal.timeout(this.#stallTimeoutMs) } : {}
    await finished(response, timeout)
  }
}
