import type { NewEvent } from './event.ts'
import { type JsonValue, toJson } from './json.ts'
import { checkedMetadata, type Metadata, noMetadata } from './metadata.ts'
import { keepSpecimen } from './specimen.ts'

/**
 * An event whose content was checked, copied and frozen when it was made. Only its class can make one,
 * and nobody can change one; so whoever gets it need not look at its content again.
 */
export class CheckedEvent implements NewEvent {
  readonly #isChecked = true
  readonly type: string
  readonly data: JsonValue
  readonly metadata: Metadata

  static {
    keepSpecimen(new CheckedEvent('None', {}, noMetadata))
  }

  /** @throws AetherError `invalid-json`, `too-large`, `invalid-argument` */
  constructor(type: string, data: unknown, metadata: Metadata) {
    this.type = type
    this.metadata = checkedMetadata(metadata)
    this.data = toJson(data)
    Object.freeze(this)
  }

  /** Whether the event is one, whatever it claims to be. */
  static is(event: NewEvent): event is CheckedEvent {
    return #isChecked in event && event.#isChecked
  }
}
