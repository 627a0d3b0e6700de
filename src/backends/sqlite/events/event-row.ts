import {
  type ActorId,
  AetherError,
  checkMetadata,
  decodeActorId,
  type JsonValue,
  MalformedEventError,
  type Metadata,
  noMetadata,
  parseJsonText,
} from '../../../core/index.ts'
import type { LogEntry } from '../../../store/index.ts'

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

export function versionIn([, , version]: EventRow): number {
  return version
}

/** One entry for each row: the event, or why the row can't be read as one. */
export function decodeRows(rows: readonly EventRow[]): LogEntry[] {
  const decoder = new RowDecoder()
  return rows.map((row) => decoder.decode(row))
}

/** Decodes one row after the other. What is the same as in the row before isn't looked at again. */
class RowDecoder {
  readonly #actorIds = new ActorIds()
  #type = ''

  /** One `try` for all columns, and nothing made but the event: this runs for each event ever read. */
  decode(row: EventRow): LogEntry {
    let actorId: ActorId | undefined
    let raw = row[1]
    try {
      actorId = this.#actorIds.decode(raw)
      raw = row[6]
      const data = decodeData(raw)
      raw = row[7]
      const metadata = decodeMetadata(raw)
      const type = this.#typeOf(row[4])
      return {
        id: row[3],
        actorId,
        type,
        version: row[2],
        position: row[0],
        time: row[5],
        data,
        metadata,
      }
    } catch (cause) {
      return malformed(row[0], actorId, raw, cause)
    }
  }

  /** The same string for the same type: whoever looks it up need not hash it anew for each event. */
  #typeOf(type: string): string {
    if (type !== this.#type) this.#type = type
    return this.#type
  }
}

/** Ids as they are stored, most of them as the one before. */
export class ActorIds {
  #actor = ''
  #actorId: ActorId | undefined

  /** @throws AetherError `invalid-actor-id` */
  decode(actor: string): ActorId {
    if (this.#actorId !== undefined && actor === this.#actor) return this.#actorId
    this.#actorId = decodeActorId(actor)
    this.#actor = actor
    return this.#actorId
  }
}

/** In the place of a row of which a column, `raw`, can't be read; of nobody, where that is the actor. */
export function malformed(
  position: number,
  actorId: ActorId | undefined,
  raw: string,
  cause: unknown,
): MalformedEventError {
  const place = actorId === undefined ? { position } : { position, actorId }
  return new MalformedEventError({ ...place, raw, cause })
}

/** @throws SyntaxError */
export function decodeData(raw: string): JsonValue {
  return parseJsonText(raw) as JsonValue
}

/** @throws SyntaxError; AetherError `invalid-json`, and as `checkMetadata` */
export function decodeMetadata(raw: string): Metadata {
  if (raw === '{}') return noMetadata
  const metadata = parseJsonText(raw)
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new AetherError('invalid-json', 'its metadata is not an object')
  checkMetadata(metadata as Metadata)
  return metadata as Metadata
}
