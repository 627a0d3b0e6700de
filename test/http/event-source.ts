import { type IncomingMessage, request } from 'node:http'
import type { StoredEvent } from 'aether'
import { until } from '../support/until.ts'

/** One message of a stream, its fields as they were sent. */
interface Message {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

/** A client of server-sent events, as the specification reads them, that can stop to take any. */
export class EventSource implements Disposable {
  readonly #response: IncomingMessage
  readonly messages: Message[] = []
  lastEventId = ''
  comments = 0
  ended = false
  #rest = ''

  private constructor(response: IncomingMessage) {
    this.#response = response
    response.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    response.on('error', () => {})
    response.on('close', () => (this.ended = true))
  }

  static open(
    url: string,
    target: string,
    headers: Record<string, string> = {},
  ): Promise<EventSource> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path: target, headers, agent: false })
      asked.on('error', reject).on('response', (response) => resolve(new EventSource(response)))
      asked.end()
    })
  }

  get status(): number {
    return this.#response.statusCode ?? 0
  }

  get contentType(): string | undefined {
    return this.#response.headers['content-type']
  }

  /** The events told so far, without the problems. */
  get events(): readonly StoredEvent[] {
    return this.messages
      .filter(({ event }) => event === undefined)
      .map(({ data = '' }) => JSON.parse(data) as StoredEvent)
  }

  /** The values of the things that were kept. */
  get values(): readonly unknown[] {
    return this.events.map(({ data }) => (data as { readonly value: unknown }).value)
  }

  async has(count: number): Promise<readonly unknown[]> {
    await until(() => this.messages.length >= count, { description: `${count} messages` })
    return this.values
  }

  async end(): Promise<void> {
    await until(() => this.ended, { description: 'the stream has ended' })
  }

  pause(): void {
    this.#response.pause()
  }

  resume(): void {
    this.#response.resume()
  }

  [Symbol.dispose](): void {
    this.#response.destroy()
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) this.#read(block)
  }

  #read(block: string): void {
    const fields: { id?: string; event?: string; data?: string } = {}
    for (const line of block.split('\n')) {
      const [, name, value] = /^(\w*): ?(.*)$/.exec(line) ?? []
      if (name === '') this.comments++
      if (name === 'id' || name === 'event' || name === 'data') fields[name] = value ?? ''
    }
    this.lastEventId = fields.id ?? this.lastEventId
    if (fields.data !== undefined) this.messages.push(fields)
  }
}
