import type {
  ActorDefinition,
  DecidedEvent,
  EventConstructors,
  EventsOf,
} from '../../actors/index.ts'

/** Makes events by the constructors of a definition: `on => [on.Opened({ owner: 'Alice' })]`. */
export type Happenings<D extends ActorDefinition> = (
  on: EventConstructors<EventsOf<D>>,
) => DecidedEvent | readonly DecidedEvent[]
