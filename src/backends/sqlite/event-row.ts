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
  return rows.map((row) => decodeRow(row, actorIds))
}

/** One `try` for all columns, and nothing made but the event: this runs for each event ever read. */
function decodeRow(row: EventRow, actorIds: Map<string, ActorId>): LogEntry {
  const [position, actor, version, id, type, time, data, metadata] = row
  let actorId = actorIds.get(actor)
  let raw = actor
  try {
    if (actorId === undefined) {
      actorId = decodeActor(actor)
      actorIds.set(actor, actorId)
    }
    raw = data
    const value = decodeData(data)
    raw = metadata
    return {
      id,
      actorId,
      type,
      version,
      position,
      time,
      data: value,
      metadata: decodeMetadata(metadata),
    }
  } catch (cause) {
    const place = actorId === undefined ? { position } : { position, actorId }
    return new MalformedEventError({ ...place, raw, cause })
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
