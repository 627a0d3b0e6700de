import { type ActorId, AetherError } from '../core/index.ts'
import { actorFilter, type AddressPattern, checkFilter, type LogFilter } from '../store/index.ts'
import type { MessageFilter, StoredFilter } from './event-bus.ts'
import { NamespacePattern } from './namespace.ts'
import { messagesOf, storedOf } from './addresses.ts'

/** How many addresses one subscription listens to at most, before it takes more and filters here. */
const maxPatterns = 16

/** What a subscriber wants to hear, ready to be asked. */
export class BusFilter {
  /** Whether it is of the notices of stored events. */
  readonly isOfStored: boolean
  /** Whether it passes by its actor; undefined where all do. */
  readonly passesActor: ((actorId: ActorId) => boolean) | undefined
  readonly #namespaces: NamespacePattern | undefined
  readonly #eventTypes: ReadonlySet<string> | undefined
  readonly #filter: LogFilter

  /** @throws AetherError `invalid-argument`, `invalid-actor-id` */
  constructor(given: string | MessageFilter | StoredFilter) {
    const filter = typeof given === 'string' ? { namespace: given } : given
    if (typeof filter !== 'object' || filter === null) throw ambiguous()
    this.isOfStored = 'stored' in filter
    if (this.isOfStored === 'namespace' in filter) throw ambiguous()
    checkFilter(filter, ['namespace', 'stored'])
    this.#namespaces = 'namespace' in filter ? new NamespacePattern(filter.namespace) : undefined
    this.#eventTypes = filter.eventTypes && new Set(filter.eventTypes)
    this.#filter = filter
    this.passesActor = actorFilter(filter)
  }

  /** Whether it passes by all but its actor. */
  passes(namespace: string, type: string): boolean {
    return (this.#eventTypes?.has(type) ?? true) && (this.#namespaces?.matches(namespace) ?? true)
  }

  /** What to listen to, so that all that passes comes once, and little else. */
  get addresses(): readonly AddressPattern[] {
    const { eventTypes, actorTypes } = this.#filter
    const byActor = bounded(actorTypes, 1)
    if (!this.#namespaces) return byActor.map(storedOf)
    const namespaces = this.#namespaces
    return byActor.flatMap((actorType) =>
      bounded(eventTypes, byActor.length).map((type) => messagesOf(namespaces, type, actorType)),
    )
  }
}

/** Each of them once, or any. */
function bounded(
  types: readonly string[] | undefined,
  times: number,
): readonly (string | undefined)[] {
  const each = [...new Set(types)]
  return each.length === 0 || each.length * times > maxPatterns ? [undefined] : each
}

function ambiguous(): AetherError {
  return new AetherError(
    'invalid-argument',
    'a filter is either of messages, with a namespace, or of what is stored, with stored: true',
  )
}
