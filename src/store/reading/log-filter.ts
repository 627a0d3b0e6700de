import { AetherError, type ActorId, checkType, type StoredEvent } from '../../core/index.ts'

/** Which events of the log: those that meet every condition given. */
export interface LogFilter {
  /** Of actors of one of these types. */
  readonly actorTypes?: readonly string[]
  /** Of actors whose key fits the pattern: `*` stands for any text, also none. */
  readonly key?: string
  /** Of one of these event types. */
  readonly eventTypes?: readonly string[]
}

/** @throws AetherError `invalid-argument`, `invalid-actor-id` */
export function checkFilter({ actorTypes, key, eventTypes }: LogFilter): void {
  for (const type of actorTypes ?? []) checkType(type)
  if (key !== undefined && (typeof key !== 'string' || key === '')) {
    throw new AetherError(
      'invalid-argument',
      'the key of a filter must be a pattern such as 2026-*',
    )
  }
  if (actorTypes?.length === 0 || eventTypes?.length === 0) {
    throw new AetherError(
      'invalid-argument',
      'a list of a filter that is empty lets nothing through',
    )
  }
}

/** Whether an actor's events can pass at all; undefined where all can. For ids that were checked. */
export function actorFilter({
  actorTypes,
  key,
}: LogFilter): ((actorId: ActorId) => boolean) | undefined {
  if (!actorTypes && key === undefined) return undefined
  const types = actorTypes && new Set(actorTypes)
  const keys = key === undefined ? undefined : keyPattern(key)
  return (actorId) => {
    const dash = actorId.indexOf('-')
    return (
      (types?.has(actorId.slice(0, dash)) ?? true) && (keys?.test(actorId.slice(dash + 1)) ?? true)
    )
  }
}

/** Whether all events pass. */
export function isOpenFilter({ actorTypes, key, eventTypes }: LogFilter): boolean {
  return actorTypes === undefined && key === undefined && eventTypes === undefined
}

/** Whether an event passes. */
export function eventFilter(filter: LogFilter): (event: StoredEvent) => boolean {
  const ofActor = actorFilter(filter)
  const types = filter.eventTypes && new Set(filter.eventTypes)
  return (event) => (types?.has(event.type) ?? true) && (ofActor?.(event.actorId) ?? true)
}

function keyPattern(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => RegExp.escape(part))
  return new RegExp(`^${parts.join('[^]*')}$`, 'u')
}
