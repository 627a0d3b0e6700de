import { isAetherError, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { EventStore, LogFilter } from '../../store/index.ts'
import type { Exchange, Reply } from '../exchange/exchange.ts'
import { heartbeat, withHeartbeats } from './heartbeats.ts'
import { problemOf } from '../exchange/problem.ts'
import type { Query } from '../exchange/target.ts'

/** What all streams of a gateway share. */
export interface EventStreamSettings {
  readonly heartbeatMs: number
  /** Is told what ends a stream, or leaves an event out. */
  readonly tellFault: (error: unknown, problem: { readonly status: number }) => void
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Else nginx collects what it should pass on.
  'x-accel-buffering': 'no',
}

/**
 * The log as server-sent events (HTML, 9.2): the id of each message is where a stream that is resumed
 * goes on.
 * @throws AetherError `invalid-argument`, `unknown-position`, and those of the store
 */
export async function streamReply(
  store: EventStore,
  exchange: Exchange,
  query: Query,
  settings: EventStreamSettings,
): Promise<Reply> {
  const asked = exchange.headers.get('last-event-id') || (query.get('after') ?? '0')
  const filter = filterOf(query)
  // Whatever is wrong with them is told before the answer begins.
  store.subscribe({ checkpoint: asked, filter })
  const { signal } = exchange
  if (asked !== 'now') await store.checkPosition(Number(asked), { signal })
  const checkpoint = asked === 'now' ? String(await store.lastPosition({ signal })) : asked
  const stream = new EventStream(store, filter, exchange.ending, settings)
  return { status: 200, headers, body: stream.from(checkpoint) }
}

function filterOf(query: Query): LogFilter {
  const [actorTypes, key, eventTypes] = [query.list('type'), query.get('key'), query.list('event')]
  return {
    ...(actorTypes && { actorTypes }),
    ...(key !== undefined && { key }),
    ...(eventTypes && { eventTypes }),
  }
}

class EventStream {
  readonly #store: EventStore
  readonly #filter: LogFilter
  readonly #ending: AbortSignal
  readonly #settings: EventStreamSettings

  constructor(
    store: EventStore,
    filter: LogFilter,
    ending: AbortSignal,
    settings: EventStreamSettings,
  ) {
    this.#store = store
    this.#filter = filter
    this.#ending = ending
    this.#settings = settings
  }

  /** Ends when nobody reads any more, when the store is closed, or with a message that says why. */
  async *from(start: string): AsyncGenerator<string | Uint8Array, void, undefined> {
    let checkpoint: string | undefined = start
    // No message, but a client that is cut off before the first one comes back to here.
    yield `id: ${checkpoint}\n\n`
    while (checkpoint !== undefined) checkpoint = yield* this.#follow(checkpoint)
  }

  /** @returns where it goes on, behind what can't be read; undefined: nowhere */
  async *#follow(
    checkpoint: string,
  ): AsyncGenerator<string | Uint8Array, string | undefined, undefined> {
    const left = new AbortController()
    const signal = AbortSignal.any([this.#ending, left.signal])
    try {
      const events = this.#store.subscribe({ checkpoint, filter: this.#filter, signal })
      const { heartbeatMs } = this.#settings
      for await (const event of withHeartbeats(events, heartbeatMs, () => left.abort()))
        yield event === heartbeat ? ': still here\n\n' : messageOf(event)
      return undefined
    } catch (error) {
      if (this.#ending.aborted || (isAetherError(error) && error.code === 'closed'))
        return undefined
      const next = error instanceof MalformedEventError ? String(error.lastPosition) : undefined
      yield this.#problem(error, next)
      return next
    }
  }

  #problem(error: unknown, next: string | undefined): string {
    const problem = problemOf(error)
    this.#settings.tellFault(error, problem)
    const id = next === undefined ? '' : `id: ${next}\n`
    return `${id}event: error\ndata: ${JSON.stringify(problem)}\n\n`
  }
}

/** Of events that many are given: a text is made once for all streams, and goes with its event. */
const textsOfShared = new WeakMap<StoredEvent, string | Uint8Array>()

/** A message of more characters is kept as bytes: of a text each stream would make its own. */
const largeLength = 16_384

function messageOf(event: StoredEvent): string | Uint8Array {
  // What is at the end of the log is the same frozen object for all who follow it.
  if (!Object.isFrozen(event)) return newMessageOf(event)
  let text = textsOfShared.get(event)
  if (text === undefined) textsOfShared.set(event, (text = sharedMessageOf(event)))
  return text
}

function sharedMessageOf(event: StoredEvent): string | Uint8Array {
  const text = newMessageOf(event)
  return text.length > largeLength ? Buffer.from(text) : text
}

/** JSON has no line breaks, so one line of data holds it. */
function newMessageOf(event: StoredEvent): string {
  return `id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`
}
