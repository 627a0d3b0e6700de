import type { NewEvent } from './event.ts'
import { type JsonValue, toJson } from './json.ts'
import { checkedMetadata, type Metadata, noMetadata } from './metadata.ts'
import { keepSpecimen } from './specimen.ts'

/** What an event says, as it is stored. */
export interface EventContent {
  readonly type: string
  readonly data: JsonValue
  readonly metadata: Metadata
}

/**
 * An event whose content was checked, copied and frozen when it was made. Only its class can make one,
 * and nobody can change what {@link CheckedEvent.contentOf} gives; so whoever gets it need not look at its content
 * again.
 */
export class CheckedEvent implements EventContent {
  readonly #type: string
  readonly #data: JsonValue
  readonly #metadata: Metadata

  static {
    keepSpecimen(new CheckedEvent('None', {}, noMetadata))
  }

  /** @throws AetherError `invalid-json`, `too-large`, `invalid-argument` */
  constructor(type: string, data: unknown, metadata: Metadata) {
    this.#type = type
    this.#metadata = checkedMetadata(metadata)
    this.#data = toJson(data)
  }

  get type(): string {
    return this.#type
  }

  get data(): JsonValue {
    return this.#data
  }

  get metadata(): Metadata {
    return this.#metadata
  }

  /** What was checked, if the event is one, whatever it claims to be. */
  static contentOf(event: NewEvent): EventContent | undefined {
    if (!(#type in event)) return undefined
    return { type: event.#type, data: event.#data, metadata: event.#metadata }
  }
}
