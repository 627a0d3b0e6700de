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
  parseJsonText,
  type StoredEvent,
} from '../../core/index.ts'
import type { LogEntry } from '../../store/index.ts'

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

export function positionIn([position]: EventRow): number {
  return position
}

export function versionIn([, , version]: EventRow): number {
  return version
}

/** One entry for each row: the event, or why the row can't be read as one. */
export function decodeRows(rows: readonly EventRow[]): LogEntry[] {
  // An actor that comes again is not decoded again.
  const actorIds = new Map<string, ActorId>()
  return rows.map((row) => {
    try {
      return decodeRow(row, actorIds)
    } catch (thrown) {
      if (thrown instanceof MalformedEventError) return thrown
      throw thrown
    }
  })
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
  return parseJsonText(raw) as JsonValue
}

function decodeMetadata(raw: string): Metadata {
  if (raw === '{}') return noMetadata
  const metadata = parseJsonText(raw)
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new AetherError('invalid-json', 'its metadata is not an object')
  checkMetadata(metadata as Metadata)
  return metadata as Metadata
}
