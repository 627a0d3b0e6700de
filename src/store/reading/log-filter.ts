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

const conditions = ['actorTypes', 'key', 'eventTypes']

/**
 * What is misspelled would let everything through.
 * @param besides what the filter may have beside the conditions
 * @throws AetherError `invalid-argument`, `invalid-actor-id`
 */
export function checkFilter(filter: LogFilter, besides: readonly string[] = []): void {
  const known = [...conditions, ...besides]
  const unknown = Object.keys(filter).find((member) => !known.includes(member))
  if (unknown !== undefined)
    throw wrong(`a filter has ${known.join(', ')}, and no ${JSON.stringify(unknown)}`)
  const { actorTypes, key, eventTypes } = filter
  checkList('actorTypes', actorTypes)
  checkList('eventTypes', eventTypes)
  for (const type of actorTypes ?? []) checkType(type)
  if (key !== undefined && (typeof key !== 'string' || key === ''))
    throw wrong('the key of a filter must be a pattern such as 2026-*')
}

function checkList(name: string, types: readonly string[] | undefined): void {
  if (types === undefined) return
  if (!Array.isArray(types) || types.some((type) => typeof type !== 'string'))
    throw wrong(`the ${name} of a filter must be a list of names`)
  if (types.length === 0) throw wrong('a list of a filter that is empty lets nothing through')
}

function wrong(message: string): AetherError {
  return new AetherError('invalid-argument', message)
}

/** Whether an actor's events can pass at all; undefined where all can. For ids that were checked. */
export function actorFilter({
  actorTypes,
  key,
}: LogFilter): ((actorId: ActorId) => boolean) | undefined {
  if (!actorTypes && key === undefined) return undefined
  const types = actorTypes && new Set(actorTypes)
  const fits = key === undefined ? undefined : keyPattern(key)
  return (actorId) => {
    const dash = actorId.indexOf('-')
    return (types?.has(actorId.slice(0, dash)) ?? true) && (fits?.(actorId.slice(dash + 1)) ?? true)
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

/**
 * Whether a key fits. The first place where a part of the pattern stands is as good as any further one, so
 * nothing is tried twice: as a regular expression, five parts take minutes for a key of 200 letters.
 */
function keyPattern(pattern: string): (key: string) => boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return (key) => key === first
  return (key) => {
    if (!key.startsWith(first)) return false
    let place = first.length
    for (const part of parts) {
      const found = key.indexOf(part, place)
      if (found < 0) return false
      place = found + part.length
    }
    return key.length - last.length >= place && key.endsWith(last)
  }
}
