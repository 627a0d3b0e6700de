import {
  type ActorId,
  AetherError,
  checkMetadata,
  decodeKey,
  type JsonValue,
  MalformedEventError,
  type Metadata,
  noMetadata,
  parseActorId,
  type StoredEvent,
} from '../../core/index.ts'

/** The columns of an {@link EventRow}, in its order. */
export const eventColumns = 'position, actor, version, id, type, time, data, metadata'

/** A tuple, because SQLite hands those over faster than objects. */
export type EventRow = readonly [
  position: number,
  actor: string,
  version: number,
  id: string,
  type: string,
  time: string,
  data: string,
  metadata: string,
]

interface DecodedRows {
  readonly events: readonly StoredEvent[]
  /** Why the row behind these events can't be read; the rows behind that one were not looked at. */
  readonly malformed?: MalformedEventError
}

export function decodeRows(rows: readonly EventRow[]): DecodedRows {
  const events: StoredEvent[] = []
  // An actor that comes again is not decoded again.
  const actorIds = new Map<string, ActorId>()
  for (const row of rows) {
    try {
      events.push(decodeRow(row, actorIds))
    } catch (thrown) {
      if (thrown instanceof MalformedEventError) return { events, malformed: thrown }
      throw thrown
    }
  }
  return { events }
}

function decodeRow(row: EventRow, actorIds: Map<string, ActorId>): StoredEvent {
  const [position, actor, version, id, type, time, data, metadata] = row
  let actorId = actorIds.get(actor)
  if (actorId === undefined) {
    actorId = decodeColumn(decodeActor, actor, { position })
    actorIds.set(actor, actorId)
  }
  const place = { actorId, position }
  return {
    id,
    actorId,
    type,
    version,
    position,
    time,
    data: decodeColumn(decodeData, data, place),
    metadata: decodeColumn(decodeMetadata, metadata, place),
  }
}

function decodeColumn<T>(
  decode: (raw: string) => T,
  raw: string,
  place: { readonly position: number; readonly actorId?: ActorId },
): T {
  try {
    return decode(raw)
  } catch (cause) {
    throw new MalformedEventError({ ...place, raw, cause })
  }
}

function decodeActor(raw: string): ActorId {
  const actorId = decodeKey(raw) as ActorId
  parseActorId(actorId)
  return actorId
}

function decodeData(raw: string): JsonValue {
  return JSON.parse(raw) as JsonValue
}

function decodeMetadata(raw: string): Metadata {
  if (raw === '{}') return noMetadata
  const metadata: unknown = JSON.parse(raw)
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new AetherError('invalid-json', 'its metadata is not an object')
  checkMetadata(metadata as Metadata)
  return metadata as Metadata
}
